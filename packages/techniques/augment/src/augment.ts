import { brightness, contrast } from "./colour.ts";
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
export const augmentations = { mirror, rotate, translate, zoom, brightness, contrast } as const;
