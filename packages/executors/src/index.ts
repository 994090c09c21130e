export { refuse } from "./identity.ts";
export { errorOf, failureOf, lostOf, type Failure } from "./failure.ts";
export { Pace, imagesOf, type PaceOptions } from "./pace.ts";
export { processes, type Processes, type ProcessesOptions } from "./processes.ts";
export { serveParent } from "./child.ts";
