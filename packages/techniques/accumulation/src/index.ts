import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { accumulation } from "./accumulation.ts";

export { accumulated, drawAccumulation, accumulation } from "./accumulation.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(accumulation),
};
export default plugin;
