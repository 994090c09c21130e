export { batchOf } from "./batch.ts";
export { margin } from "./decide.ts";
export { drawAnother, drawPolicy, firstPolicies, openTechniques, presetPolicy, priorOf } from "./draw.ts";
export { checkOptions } from "./options.ts";
export { learnerPlugin } from "./plugin.ts";
export { trialsLearner, type TrialsHow, type TrialsState, type Tried } from "./trials.ts";
export { trunkOf, type Trunk } from "./trunk.ts";
