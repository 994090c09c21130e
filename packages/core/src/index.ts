export * from "@regimen/contracts";
export { classesOf, digests, source, split } from "@regimen/sources";
export { loadModel, saveModel, sheetOf } from "@regimen/run-folder";
export {
  applyBatch,
  averagesOf,
  composePolicy,
  drawFor,
  objectiveOf,
  optimizerOf,
  type Composition,
  type Member,
} from "@regimen/composition";
export { blueprintOf } from "./blueprint.ts";
export { TRUNK } from "./context.ts";
export { createRegimen } from "./regimen.ts";
export { optimizerNamed, scheduleNamed } from "./session.ts";
export { runStage, type StageEnv, type StageSpec } from "./stage.ts";
export { applyPending, batchOf, blend, createStep, StageState, type Feed } from "@regimen/steps";
