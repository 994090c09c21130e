import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { segmenter } from "./segmenter.ts";

export { segmentationLoss } from "./loss.ts";
export { meanIou, overlapsOf, type Overlap } from "./overlaps.ts";
export { segmenter } from "./segmenter.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.scaffold(segmenter);
  },
};
export default plugin;
