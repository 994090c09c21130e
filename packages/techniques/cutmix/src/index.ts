import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { cutmix } from "./cutmix.ts";

export { applyCutmix, cutmix, drawCutmix } from "./cutmix.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(cutmix),
};
export default plugin;
