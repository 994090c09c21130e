export { batchFrom, batchOf, feedTensors, rowTensors, type Feed } from "./feed.ts";
export { Logs } from "./logs.ts";
export { applyPending, blend } from "./pending.ts";
export { Repeated, type Repeating } from "./repeated.ts";
export { createStep, stepFrom, StageState, type Around } from "./step.ts";
