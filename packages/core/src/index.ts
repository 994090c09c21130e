export * from "@regimen/contracts";
export { classesOf, digests, source, split } from "@regimen/sources";
export { loadModel, saveModel } from "@regimen/run-folder";
export {
  applyBatch,
  composePolicy,
  drawFor,
  objectiveOf,
  optimizerOf,
  type Composition,
  type Member,
} from "./compose.ts";
export { createRegimen } from "./regimen.ts";
export { applyPending, batchOf, createStep, StageState, type Feed } from "@regimen/steps";
