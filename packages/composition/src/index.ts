export { averaged, settle, settleAverage, statisticsOf, weighted } from "./averages.ts";
export {
  applyBatch,
  averagesOf,
  composePolicy,
  drawFor,
  objectiveOf,
  optimizerOf,
  type Composition,
  type Known,
  type Member,
} from "./compose.ts";
export { forEachBatch, scoreModel, tableOf, tablesThrough, timed } from "./evaluate.ts";
