import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { swa } from "./swa.ts";

export { applySwa, drawSwa, holdRate, swa } from "./swa.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(swa),
};
export default plugin;
