import type { Architecture } from "@regimen/core";
import { Blocks, type Node } from "./blocks.ts";

/**
 * Pre-activation bottleneck (He et al. 2016, figure 1b and section 4.1): normalise and bend first, then 1×1, 3×3, 1×1. Where
 * shapes change, the projection reads the pre-activation, as in the authors' implementation.
 */
function bottleneck(blocks: Blocks, x: Node, name: string, inner: number, outer: number, strides: number): Node {
  const [narrow, wide] = [blocks.filters(inner), blocks.filters(outer)];
  const active = blocks.relu(blocks.norm(x, `${name}_1_bn`), `${name}_1_relu`);
  let branch = blocks.convNormRelu(active, `${name}_2`, narrow, 1, { strides });
  branch = blocks.convNormRelu(branch, `${name}_3`, narrow, 3);
  branch = blocks.conv(branch, `${name}_4_conv`, wide, 1);
  const same = strides === 1 && x.shape[x.shape.length - 1] === wide;
  const skip = same ? x : blocks.conv(active, `${name}_skip_conv`, wide, 1, { strides });
  return blocks.add(branch, skip, `${name}_add`);
}

const GROUPS = [
  { inner: 16, outer: 64, strides: 1 },
  { inner: 64, outer: 128, strides: 2 },
  { inner: 128, outer: 256, strides: 2 },
] as const;

export const resnet20v2: Architecture = {
  name: "resnet20v2",
  widens: true,
  about:
    "Pre-activation ResNet-20 for small images (He et al. 2016): 3 groups of 2 bottlenecks, 64-128-256 filters, 0.57 M weights",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    let x = blocks.conv(image, "stem_conv", blocks.filters(16), 3);
    GROUPS.forEach(({ inner, outer, strides }, group) => {
      x = bottleneck(blocks, x, `group${group + 1}_block1`, inner, outer, strides);
      x = bottleneck(blocks, x, `group${group + 1}_block2`, inner, outer, 1);
    });
    const top = blocks.relu(blocks.norm(x, "top_bn"), "top_relu");
    return blocks.model("resnet20v2", image, blocks.averagePool(top), how.classes);
  },
};
