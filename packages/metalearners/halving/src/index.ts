import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createHalving, type HalvingOptions } from "./halving.ts";

export { createHalving, winnerOf, type Winner, type Entry, type HalvingOptions, type HalvingState } from "./halving.ts";
export { climb, ladderFor, until, type Ladder } from "./plan.ts";

/** The plug-in, and the metalearner: `plugins: [halving]`, `metalearner: halving({ eta: 4 })`. */
const halving: ((options?: HalvingOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "halving", createHalving);
export default halving;
