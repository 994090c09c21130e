import type { Architecture } from "@regimen/core";
import * as tfl from "@tensorflow/tfjs-layers";
import { Blocks, type Node } from "./blocks.ts";
import { basicBlock } from "./resnet.ts";

/** Filters of the halvings: the map that is read has an eighth of the image's sides. */
const FILTERS = [16, 32, 64, 128] as const;

export const smallDetector: Architecture = {
  name: "small-detector",
  widens: true,
  about:
    "A backbone for detection: basic ResNet blocks down to a sixteenth of the image, and back up to an eighth (one level of a feature pyramid, Lin et al. 2017), 16-32-64-128 filters; the scaffold adds the head",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    let x = blocks.convNormRelu(image, "stem", blocks.filters(FILTERS[0]), 3, { strides: 2 });
    const group = (from: Node, level: 1 | 2 | 3): Node =>
      [1, 2].reduce(
        (at, block) =>
          basicBlock(blocks, at, `group${level}_block${block}`, blocks.filters(FILTERS[level]), block === 1 ? 2 : 1),
        from,
      );
    x = group(group(x, 1), 2);
    const [, rows, columns] = x.shape as number[];
    // Sides that cannot be halved again evenly could not be joined again either.
    if (rows! % 2 === 0 && columns! % 2 === 0) {
      const below = blocks.upsample(group(x, 3), "up_double");
      x = blocks.convNormRelu(blocks.concat(below, x, "up_join"), "up", blocks.filters(FILTERS[2]), 3);
    }
    return tfl.model({ name: "small-detector", inputs: image, outputs: x });
  },
};
