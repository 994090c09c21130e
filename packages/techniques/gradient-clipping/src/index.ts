import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { gradientClipping } from "./gradient-clipping.ts";

export { applyGradientClipping, drawGradientClipping, gradientClipping } from "./gradient-clipping.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(gradientClipping),
};
export default plugin;
