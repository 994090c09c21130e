import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createRandom, type RandomOptions } from "./random.ts";

export { createRandom, trialsFor, type RandomOptions, type RandomState } from "./random.ts";

/** The plug-in, and the metalearner: `plugins: [random]`, `metalearner: random({ trials: 12 })`. */
const random: ((options?: RandomOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "random", createRandom);
export default random;
