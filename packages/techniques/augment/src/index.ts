import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { brightness, contrast, mirror, rotate, translate, zoom } from "./augment.ts";

export * from "./augment.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(registry) {
    registry.technique(mirror);
    for (const technique of [rotate, translate, zoom, brightness, contrast]) registry.technique(technique);
  },
};
export default plugin;
