import type { Json, MetaLearner, Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { createRandom, type RandomOptions, type RandomState } from "./random.ts";

export { margin } from "./decide.ts";
export { drawAnother, drawPolicy, firstPolicies, openTechniques, presetPolicy } from "./draw.ts";
export { checkOptions } from "./options.ts";
export { createRandom, trialsFor, type RandomOptions, type RandomState } from "./random.ts";
export { trunkOf, type Trunk } from "./trunk.ts";

const { name, version } = manifest;
const make = (options: RandomOptions = {}): MetaLearner<RandomState> => createRandom({ ...options });
const create = (options?: { readonly [option: string]: Json }): MetaLearner => createRandom(options);

/** The plug-in, and the metalearner: `plugins: [random]`, `metalearner: random({ trials: 12 })`. */
const random: typeof make & Plugin = Object.defineProperties(make as typeof make & Plugin, {
  name: { value: name },
  version: { value: version },
  register: { value: ((into) => into.metalearner({ name: "random", version, create })) satisfies Plugin["register"] },
});
export default random;
