export { calibrationBins, ece, eceOf, type Bin } from "./calibration.ts";
export { binomialTail } from "./binomial.ts";
export { confusion, precisionRecall } from "./confusion.ts";
export { gradedDifference, isGraded, worstRows, type GradedDifference } from "./graded.ts";
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
export {
  atThreshold,
  averagePrecision,
  bestThreshold,
  precisionRecallCurve,
  rocAuc,
  thinned,
  type AtThreshold,
} from "./ranking.ts";
export { sizeSteps } from "./sizes.ts";
export { fitTemperature } from "./temperature.ts";
export { UNTRIED, buildReport, type Measured } from "./report.ts";
export { curvesOf, trialsOf } from "./searched.ts";
export { unmeasured, worthOf } from "./worth.ts";
