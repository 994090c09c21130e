import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { ensembling } from "./ensembling.ts";

export { averageLogits, averageOf, ensembling } from "./ensembling.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(ensembling),
};
export default plugin;
