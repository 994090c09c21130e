import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { temperature } from "./temperature.ts";

export { divideLogits, temperature } from "./temperature.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(temperature),
};
export default plugin;
