import type { Architecture } from "@regimen/core";
import { Blocks } from "./blocks.ts";

export const classicCnn: Architecture = {
  name: "classic-cnn",
  widens: true,
  about:
    "Two 5×5 convolutions with max pooling and three dense layers (after LeNet-5, LeCun et al. 1998): the textbook baseline",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    let x = image;
    for (const [i, filters] of [32, 64].entries()) {
      x = blocks.conv(x, `conv${i + 1}`, blocks.filters(filters), 5, { bias: true });
      x = blocks.maxPool(blocks.relu(x, `relu${i + 1}`), `pool${i + 1}`, 2, 2);
    }
    x = blocks.dense(blocks.flatten(x), "dense1", blocks.filters(384));
    x = blocks.dense(x, "dense2", blocks.filters(192));
    return blocks.model("classic-cnn", image, x, how.classes);
  },
};

export const smallCnn: Architecture = {
  name: "small-cnn",
  widens: true,
  about:
    "Three 3×3 convolutions with batch normalisation and max pooling, 16-32-64 filters: quick on the embedded default",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    let x = image;
    for (const [i, filters] of [16, 32, 64].entries()) {
      x = blocks.convNormRelu(x, `block${i + 1}`, blocks.filters(filters), 3);
      x = blocks.maxPool(x, `block${i + 1}_pool`, 2, 2);
    }
    return blocks.model("small-cnn", image, blocks.flatten(x), how.classes);
  },
};
