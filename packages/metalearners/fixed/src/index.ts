import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createFixed, type FixedOptions } from "./fixed.ts";

export { createFixed, type FixedOptions, type FixedState } from "./fixed.ts";

/** The plug-in, and the metalearner, in one. */
const fixed: ((options?: FixedOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "fixed", createFixed);
export default fixed;
