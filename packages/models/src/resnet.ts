import type { Architecture } from "@regimen/core";
import { Blocks, isSmall, SMALL, type How, type Node } from "./blocks.ts";

/** Two 3×3 convolutions with the skip of He et al. 2015b, figure 2; a 1×1 projection (their option B) where shapes change. */
export function basicBlock(blocks: Blocks, x: Node, name: string, out: number, strides: number): Node {
  let branch = blocks.convNormRelu(x, `${name}_1`, out, 3, { strides });
  branch = blocks.norm(blocks.conv(branch, `${name}_2_conv`, out, 3), `${name}_2_bn`);
  const same = strides === 1 && x.shape[x.shape.length - 1] === out;
  const skip = same ? x : blocks.norm(blocks.conv(x, `${name}_skip_conv`, out, 1, { strides }), `${name}_skip_bn`);
  return blocks.relu(blocks.add(branch, skip, `${name}_add`), `${name}_relu`);
}

function groups(blocks: Blocks, x: Node, filters: readonly number[], counts: readonly number[]): Node {
  filters.forEach((width, group) => {
    for (let block = 0; block < counts[group]!; block++)
      x = basicBlock(
        blocks,
        x,
        `group${group + 1}_block${block + 1}`,
        blocks.filters(width),
        group > 0 && block === 0 ? 2 : 1,
      );
  });
  return x;
}

export const resnet20: Architecture = {
  name: "resnet20",
  widens: true,
  about:
    "ResNet-20 for small images (He et al. 2015, section 4.2): 3 groups of 3 blocks, 16-32-64 filters, 0.27 M weights",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    const stem = blocks.convNormRelu(image, "stem", blocks.filters(16), 3);
    const top = groups(blocks, stem, [16, 32, 64], [3, 3, 3]);
    return blocks.model("resnet20", image, blocks.averagePool(top), how.classes);
  },
};

function imagenet(name: string, counts: readonly number[], weights: string): Architecture {
  return {
    name,
    widens: true,
    about: `ResNet-${name.slice(6)} (He et al. 2015, table 1), ${weights} weights; images up to ${SMALL} pixels a side get a 3×3 stem without pooling`,
    build(how) {
      const blocks = new Blocks(how);
      const image = blocks.input(how);
      const top = groups(blocks, stem(blocks, image, how), [64, 128, 256, 512], counts);
      return blocks.model(name, image, blocks.averagePool(top), how.classes);
    },
  };
}

function stem(blocks: Blocks, image: Node, how: How): Node {
  const filters = blocks.filters(64);
  if (isSmall(how)) return blocks.convNormRelu(image, "stem", filters, 3);
  return blocks.maxPool(blocks.convNormRelu(image, "stem", filters, 7, { strides: 2 }), "stem_pool", 3, 2, "same");
}

export const resnet18 = imagenet("resnet18", [2, 2, 2, 2], "11.7 M");
export const resnet34 = imagenet("resnet34", [3, 4, 6, 3], "21.8 M");
