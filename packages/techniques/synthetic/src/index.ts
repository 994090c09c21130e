import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { synthetic } from "./synthetic.ts";

export { synthetic, withSynthetic } from "./synthetic.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(synthetic),
};
export default plugin;
