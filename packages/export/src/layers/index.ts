import { ACTIVATIONS } from "./activation.ts";
import { AFFINE } from "./affine.ts";
import { LINEAR } from "./linear.ts";
import type { Write } from "./maker.ts";
import { MERGES } from "./merge.ts";
import { SHAPES } from "./shape.ts";

/** By class name; a class that is not here cannot be exported. */
export const LAYERS: Readonly<Record<string, Write>> = {
  ...ACTIVATIONS,
  ...AFFINE,
  ...LINEAR,
  ...MERGES,
  ...SHAPES,
};
