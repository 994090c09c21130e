import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { mixup } from "./mixup.ts";

export { applyMixup, drawMixup, mixup } from "./mixup.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(mixup),
};
export default plugin;
