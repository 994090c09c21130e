export { calibrationBins, ece, eceOf, type Bin } from "./calibration.ts";
export { binomialTail } from "./binomial.ts";
export { confusion, precisionRecall } from "./confusion.ts";
export { meanInterval, studentT95, wilson } from "./intervals.ts";
export {
  detectableChange,
  imagesNeeded,
  mcnemar,
  pairedCounts,
  pairedInterval,
  tangoInterval,
  verdict,
  type Verdict,
} from "./paired.ts";
export { buildReport, curvesOf, trialsOf, type Measured } from "./report.ts";
