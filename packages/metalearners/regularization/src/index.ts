import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createRegularization, type RegularizationOptions } from "./regularization.ts";

export type { Candidate } from "./candidates.ts";
export { compareViews, type Comparison, type Flip, type View } from "./compare.ts";
export { judge, type Judgement } from "./judge.ts";
export type { Probed } from "./probe.ts";
export { createRegularization, type RegularizationOptions, type RegularizationState } from "./regularization.ts";

/** The plug-in, and the metalearner: `plugins: [regularization]`, `metalearner: regularization({ share: 0.3 })`. */
const regularization: ((options?: RegularizationOptions) => MetaLearner) & Plugin = learnerPlugin(
  manifest,
  "regularization",
  createRegularization,
);
export default regularization;
