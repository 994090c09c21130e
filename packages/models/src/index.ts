import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { smallDetector } from "./detector.ts";
import { efficientnetb0 } from "./efficientnet.ts";
import { classicCnn, smallCnn } from "./plain-cnn.ts";
import { resnet20v2 } from "./resnet-v2.ts";
import { resnet18, resnet20, resnet34 } from "./resnet.ts";
import { resnetUnet, unet } from "./unet.ts";

export { smallDetector } from "./detector.ts";
export { efficientnetb0 } from "./efficientnet.ts";
export { classicCnn, smallCnn } from "./plain-cnn.ts";
export { resnet20v2 } from "./resnet-v2.ts";
export { resnet18, resnet20, resnet34 } from "./resnet.ts";
export { resnetUnet, unet } from "./unet.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    for (const architecture of [
      smallCnn,
      classicCnn,
      resnet20,
      resnet20v2,
      resnet18,
      resnet34,
      efficientnetb0,
      unet,
      resnetUnet,
      smallDetector,
    ])
      into.architecture(architecture);
  },
};
export default plugin;
