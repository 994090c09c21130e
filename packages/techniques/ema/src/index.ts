import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { ema } from "./ema.ts";

export { applyEma, drawEma, ema } from "./ema.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(ema),
};
export default plugin;
