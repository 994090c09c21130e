import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createTpe, type TpeOptions } from "./tpe.ts";

export { createTpe, type TpeOptions, type TpeState } from "./tpe.ts";

/** The plug-in, and the metalearner, in one. */
const tpe: ((options?: TpeOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "tpe", createTpe);
export default tpe;
