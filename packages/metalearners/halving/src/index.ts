import type { Json, MetaLearner, Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { createHalving, type HalvingOptions, type HalvingState } from "./halving.ts";

export { createHalving, type Entry, type HalvingOptions, type HalvingState } from "./halving.ts";
export { climb, ladderFor, until, type Ladder } from "./plan.ts";

const { name, version } = manifest;
const make = (options: HalvingOptions = {}): MetaLearner<HalvingState> => createHalving({ ...options });
const create = (options?: { readonly [option: string]: Json }): MetaLearner => createHalving(options);

/** The plug-in, and the metalearner: `plugins: [halving]`, `metalearner: halving({ eta: 4 })`. */
const halving: typeof make & Plugin = Object.defineProperties(make as typeof make & Plugin, {
  name: { value: name },
  version: { value: version },
  register: { value: ((into) => into.metalearner({ name: "halving", version, create })) satisfies Plugin["register"] },
});
export default halving;
