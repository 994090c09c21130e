import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { l2 } from "./l2.ts";

export { applyL2, drawL2, l2 } from "./l2.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(l2),
};
export default plugin;
