import type { Technique } from "@regimen/core";
import { brightness, contrast } from "./colour.ts";
import type { Magnitude } from "./shared.ts";
import { mirror, rotate, translate, zoom } from "./spatial.ts";

export { applyBrightness, applyContrast, brightness, contrast, drawBrightness, drawContrast } from "./colour.ts";
export {
  applyMirror,
  applyRotate,
  applyTranslate,
  applyZoom,
  drawRotate,
  drawTranslate,
  drawZoom,
  mirror,
  rotate,
  translate,
  zoom,
} from "./spatial.ts";

/** Each with magnitude and rate (the mirror with a rate alone): a metalearner chooses among them one by one. */
export const augmentations: { readonly mirror: Technique<{ rr: number }> } & {
  readonly [name in "rotate" | "translate" | "zoom" | "brightness" | "contrast"]: Technique<Magnitude>;
} = { mirror, rotate, translate, zoom, brightness, contrast };
