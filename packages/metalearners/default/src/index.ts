import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createDefault } from "./default.ts";

export { createDefault } from "./default.ts";

/** The plug-in, and the metalearner, in one. */
const byDefault: (() => MetaLearner) & Plugin = learnerPlugin(manifest, "default", createDefault);
export default byDefault;
