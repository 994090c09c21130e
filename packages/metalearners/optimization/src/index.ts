import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createOptimization, type OptimizationOptions } from "./optimization.ts";

export { batchFor, between, enough, noiseScale, peakRate, type NoiseScale } from "./choose.ts";
export { createOptimization, type OptimizationOptions, type OptimizationState } from "./optimization.ts";

/** The plug-in, and the metalearner, in one. */
const optimization: ((options?: OptimizationOptions) => MetaLearner) & Plugin = learnerPlugin(
  manifest,
  "optimization",
  createOptimization,
);
export default optimization;
