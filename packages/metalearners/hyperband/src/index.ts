import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createHyperband, type HyperbandOptions } from "./hyperband.ts";

export { createHyperband, type HyperbandOptions, type HyperbandState } from "./hyperband.ts";

/** The plug-in, and the metalearner, in one. */
const hyperband: ((options?: HyperbandOptions) => MetaLearner) & Plugin = learnerPlugin(
  manifest,
  "hyperband",
  createHyperband,
);
export default hyperband;
