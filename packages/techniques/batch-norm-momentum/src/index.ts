import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { batchNormMomentum } from "./batch-norm-momentum.ts";

export { applyMomentum, batchNormMomentum, drawMomentum } from "./batch-norm-momentum.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(batchNormMomentum),
};
export default plugin;
