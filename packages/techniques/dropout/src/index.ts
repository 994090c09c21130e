import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { dropout } from "./dropout.ts";

export { applyDropout, drawDropout, dropout } from "./dropout.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(dropout),
};
export default plugin;
