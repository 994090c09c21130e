import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { weightDecay } from "./weight-decay.ts";

export { applyWeightDecay, drawWeightDecay, weightDecay } from "./weight-decay.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(weightDecay),
};
export default plugin;
