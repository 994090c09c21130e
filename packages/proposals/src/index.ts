export { margin } from "./decide.ts";
export { drawAnother, drawPolicy, firstPolicies, openTechniques, presetPolicy } from "./draw.ts";
export { checkOptions } from "./options.ts";
export { learnerPlugin } from "./plugin.ts";
export { trunkOf, type Trunk } from "./trunk.ts";
