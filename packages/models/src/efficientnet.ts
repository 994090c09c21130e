import type { Architecture } from "@regimen/core";
import { Blocks, isSmall, SMALL, type Conventions, type Node } from "./blocks.ts";

/** The authors' implementation, which Keras' follows. */
const CONVENTIONS: Conventions = { momentum: 0.99, epsilon: 1e-3, fan: "fanOut" };

/**
 * Tan and Le 2019, table 1, stages 2 to 8. `strides` of a group are its first block's. The groups that are `wide` keep the
 * size of small images, so that 32×32 ends at 4×4 where 224×224 ends at 7×7.
 */
const GROUPS = [
  { filters: 16, blocks: 1, kernel: 3, expand: 1, strides: 1 },
  { filters: 24, blocks: 2, kernel: 3, expand: 6, strides: 2, wide: true },
  { filters: 40, blocks: 2, kernel: 5, expand: 6, strides: 2, wide: true },
  { filters: 80, blocks: 3, kernel: 3, expand: 6, strides: 2 },
  { filters: 112, blocks: 3, kernel: 5, expand: 6, strides: 1 },
  { filters: 192, blocks: 4, kernel: 5, expand: 6, strides: 2 },
  { filters: 320, blocks: 1, kernel: 3, expand: 6, strides: 1 },
] as const;

type Shape = { readonly filters: number; readonly kernel: number; readonly expand: number; readonly strides: number };

/**
 * Inverted residual with a linear bottleneck (Sandler et al. 2018, figure 3) and squeeze-and-excitation: 1×1 to more channels,
 * depthwise, gate, 1×1 to few. All but the first block of a group skip.
 */
function mobileBlock(blocks: Blocks, x: Node, name: string, shape: Shape, skips: boolean): Node {
  const input = x.shape[x.shape.length - 1]!;
  let branch = x;
  if (shape.expand > 1) {
    branch = blocks.norm(blocks.conv(x, `${name}_expand_conv`, input * shape.expand, 1), `${name}_expand_bn`);
    branch = blocks.swish(branch, `${name}_expand_swish`);
  }
  branch = blocks.depthwise(branch, `${name}_depthwise_conv`, shape.kernel, shape.strides);
  branch = blocks.swish(blocks.norm(branch, `${name}_depthwise_bn`), `${name}_depthwise_swish`);
  branch = blocks.excite(branch, `${name}_se`, Math.max(1, Math.floor(input / 4)));
  branch = blocks.norm(blocks.conv(branch, `${name}_project_conv`, shape.filters, 1), `${name}_project_bn`);
  return skips ? blocks.add(branch, x, `${name}_add`) : branch;
}

export const efficientnetb0: Architecture = {
  name: "efficientnetb0",
  widens: true,
  about: `EfficientNet-B0 (Tan and Le 2019), 5.3 M weights; images up to ${SMALL} pixels a side are halved three times instead of five`,
  build(how) {
    const blocks = new Blocks(how, CONVENTIONS);
    const image = blocks.input(how);
    let x = blocks.conv(image, "stem_conv", blocks.filters(32), 3, { strides: 2 });
    x = blocks.swish(blocks.norm(x, "stem_bn"), "stem_swish");
    GROUPS.forEach((group, g) => {
      const first = "wide" in group && isSmall(how) ? 1 : group.strides;
      const filters = blocks.filters(group.filters);
      for (let b = 0; b < group.blocks; b++) {
        const shape = { ...group, filters, strides: b === 0 ? first : 1 };
        x = mobileBlock(blocks, x, `group${g + 1}_block${b + 1}`, shape, b > 0);
      }
    });
    const top = blocks.conv(x, "top_conv", blocks.filters(1280), 1);
    const features = blocks.averagePool(blocks.swish(blocks.norm(top, "top_bn"), "top_swish"));
    return blocks.model("efficientnetb0", image, features, how.classes);
  },
};
