export { backendLaws, type BackendLawOptions } from "./backend-laws.ts";
export { GAPS, type Gap, type Gaps } from "./backend/gaps.ts";
export { metalearnerLaws, type MetalearnerLawOptions } from "./metalearner-laws.ts";
export { packageLaws } from "./package-laws.ts";
export { madeUpProblem } from "./problem.ts";
export { type Runner } from "./runner.ts";
export { recorderLaws } from "./recorder-laws.ts";
export { simulate, type Breach, type Chain, type SimulateOptions, type Simulation, type Surface } from "./simulate.ts";
export { techniqueLaws, type TechniqueLawOptions } from "./technique-laws.ts";
