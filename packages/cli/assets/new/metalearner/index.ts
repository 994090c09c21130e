import type { MetaLearner, Plugin } from "@regimen/core";
import { learnerPlugin } from "@regimen/proposals";
import manifest from "../package.json" with { type: "json" };
import { create__TITLE__, type __TITLE__Options } from "./__SHORT__.js";

export { create__TITLE__, type __TITLE__Options } from "./__SHORT__.js";

/** The plug-in, and the metalearner: `plugins: [__IDENT__]`, `metalearner: __IDENT__({ atMost: 5 })`. */
const __IDENT__: ((options?: __TITLE__Options) => MetaLearner) & Plugin = learnerPlugin(
  manifest,
  "__SHORT__",
  create__TITLE__,
);
export default __IDENT__;
