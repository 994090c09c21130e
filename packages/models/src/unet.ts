import { RegimenError, type Architecture } from "@regimen/core";
import { Blocks, type How, type Node } from "./blocks.ts";
import { basicBlock } from "./resnet.ts";

/** Halvings at the most, and the shortest side that one may leave. */
const [DEPTH, LEAST] = [3, 4];

/** How often both sides can be halved evenly. Errors: REG_MODEL_ARCHITECTURE for images whose sides are odd. */
function depthOf({ format: { h, w } }: How, name: string): number {
  let depth = 0;
  while (depth < DEPTH && [h, w].every((side) => side % 2 ** (depth + 1) === 0 && side >= LEAST * 2 ** (depth + 1)))
    depth++;
  if (depth) return depth;
  throw new RegimenError(
    "REG_MODEL_ARCHITECTURE",
    `${name} halves its images, and these are ${w}×${h}; read them with sides that are multiples of 8 (data.image.size)`,
  );
}

/** Two 3×3 convolutions, each with batch normalisation. */
const double = (blocks: Blocks, x: Node, name: string, filters: number): Node =>
  blocks.convNormRelu(blocks.convNormRelu(x, `${name}_1`, filters, 3), `${name}_2`, filters, 3);

/** Back up, level by level: doubled, narrowed, joined with what was there on the way down. */
function decode(blocks: Blocks, x: Node, skips: readonly Node[], filters: readonly number[]): Node {
  return skips.reduceRight((below, skip, level) => {
    const name = `up${level + 1}`;
    const wide = blocks.convNormRelu(blocks.upsample(below, `${name}_double`), `${name}_narrow`, filters[level]!, 3);
    return double(blocks, blocks.concat(wide, skip, `${name}_join`), name, filters[level]!);
  }, x);
}

/** Filters of each level, doubling. */
const levels = (blocks: Blocks, depth: number): number[] =>
  Array.from({ length: depth + 1 }, (_, level) => blocks.filters(16 * 2 ** level));

export const unet: Architecture = {
  name: "unet",
  widens: true,
  about:
    "A small U-Net for segmentation (Ronneberger et al. 2015, with batch normalisation and SAME padding): up to 3 halvings, 16-32-64-128 filters, 0.54 M weights",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    const depth = depthOf(how, "unet");
    const filters = levels(blocks, depth);
    const skips: Node[] = [];
    let x = image;
    for (let level = 0; level < depth; level++) {
      const kept = double(blocks, x, `down${level + 1}`, filters[level]!);
      skips.push(kept);
      x = blocks.maxPool(kept, `down${level + 1}_pool`, 2, 2);
    }
    x = double(blocks, x, "bottom", filters[depth]!);
    return blocks.pixelModel("unet", image, decode(blocks, x, skips, filters), how.classes);
  },
};

export const resnetUnet: Architecture = {
  name: "resnet-unet",
  widens: true,
  about:
    "A U-Net for segmentation whose way down is a ResNet (He et al. 2015, two basic blocks a level): up to 3 halvings, 16-32-64-128 filters, 0.95 M weights",
  build(how) {
    const blocks = new Blocks(how);
    const image = blocks.input(how);
    const depth = depthOf(how, "resnet-unet");
    const filters = levels(blocks, depth);
    const skips: Node[] = [];
    let x = blocks.convNormRelu(image, "stem", filters[0]!, 3);
    for (let level = 0; level <= depth; level++) {
      for (let block = 1; block <= 2; block++)
        x = basicBlock(blocks, x, `group${level + 1}_block${block}`, filters[level]!, level > 0 && block === 1 ? 2 : 1);
      if (level < depth) skips.push(x);
    }
    return blocks.pixelModel("resnet-unet", image, decode(blocks, x, skips, filters), how.classes);
  },
};
