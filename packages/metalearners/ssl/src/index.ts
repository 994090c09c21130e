import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { createSsl, type SslOptions } from "./ssl.ts";

export { createSsl, type SslOptions, type SslState } from "./ssl.ts";

/** The plug-in, and the metalearner, in one. */
const ssl: ((options?: SslOptions) => MetaLearner) & Plugin = learnerPlugin(manifest, "ssl", createSsl);
export default ssl;
