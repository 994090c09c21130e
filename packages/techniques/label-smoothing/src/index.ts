import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { labelSmoothing, labelSmoothingMultilabel } from "./label-smoothing.ts";

export {
  applyLabelSmoothing,
  applyLabelSmoothingMultilabel,
  drawLabelSmoothing,
  labelSmoothing,
  labelSmoothingMultilabel,
} from "./label-smoothing.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(registry) {
    registry.technique(labelSmoothing);
    registry.technique(labelSmoothingMultilabel);
  },
};
export default plugin;
