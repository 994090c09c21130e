import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { detector } from "./detector.ts";

export { detector } from "./detector.ts";
export { detect, type Detections } from "./detections.ts";
export { precisionOf, type Found, type Image, type Precision, type Truth } from "./coco.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.scaffold(detector);
  },
};
export default plugin;
