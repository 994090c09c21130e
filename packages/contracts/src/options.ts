import { RegimenError, nearest } from "./errors.ts";
import type {
  DataInput,
  FitOptions,
  JobOptions,
  Plugin,
  SearchOptions,
  TrainOptions,
  TrainSettings,
} from "./plugin.ts";
import type { Task } from "./json.ts";
import { briefly, isObject } from "./values.ts";

/** What is wrong with a value, as what was expected; undefined: nothing. */
type Check = (value: unknown) => string | undefined;
type Checks<T> = { readonly [K in keyof Required<T>]: Check };
type Job = "train" | "search" | "fit";

const of =
  (type: "string" | "boolean" | "number", expected: string): Check =>
  (value) =>
    typeof value === type && !Number.isNaN(value) ? undefined : expected;
const object =
  (expected: string): Check =>
  (value) =>
    isObject(value) ? undefined : expected;
const anything: Check = () => undefined;

const IMAGES = "images that a reader opened, as in: await imageFolder(PATH)";
const images: Check = (value) => (isObject(value) && ("read" in value || "then" in value) ? undefined : IMAGES);
const part: Check = (value) => {
  if (isObject(value) && "fraction" in value) return of("number", "a fraction that is a number")(value["fraction"]);
  return images(value) && `${IMAGES}, or { fraction: 0.1 }`;
};
const DATA: Checks<DataInput> = {
  train: images,
  validation: part,
  test: part,
  unlabeled: images,
  synthetic: images,
  name: of("string", "a name"),
};
const number = (value: unknown): string | undefined =>
  value === "auto" || typeof value === "number" ? undefined : 'a number, or "auto"';
const TRAINING: Checks<TrainSettings> = {
  epochs: number,
  batchSize: number,
  learningRate: number,
  optimizer: of("string", "a name"),
  schedule: of("string", "a name"),
  withValidation: of("boolean", "true or false"),
};
const TASKS: Readonly<Record<Task, true>> = {
  classification: true,
  binary_classification: true,
  multilabel_classification: true,
  semantic_segmentation: true,
  detection: true,
};
const JOB: Checks<JobOptions> = {
  model: (value) =>
    isObject(value) && ["architecture", "model", "predict"].some((key) => key in value)
      ? undefined
      : 'a tf.LayersModel, { architecture: "resnet20" } or { model, weights: "keep" }',
  data: object("{ train, validation, test }"),
  task: (value) => (Object.hasOwn(TASKS, String(value)) ? undefined : `one of ${Object.keys(TASKS).join(", ")}`),
  training: object("settings, such as { epochs: 30 }"),
  seed: (value) => (Number.isSafeInteger(value) ? undefined : "a whole number"),
  out: of("string", "a folder's path"),
  resume: of("boolean", "true or false"),
  signal: (value) => (isObject(value) && "aborted" in value ? undefined : "an AbortSignal"),
  config: anything,
};
const SEARCH: Omit<Checks<SearchOptions>, keyof JobOptions> = {
  metalearner: (value) =>
    typeof value === "string" || (isObject(value) && "ask" in value) ? undefined : "a metalearner, or the name of one",
  search: object("{ budget, space, warm }"),
  executor: object("an executor"),
};
const OPTIONS: {
  readonly train: Checks<TrainOptions>;
  readonly search: Checks<SearchOptions>;
  readonly fit: Checks<FitOptions>;
} = {
  train: { ...JOB, ...SEARCH, baseline: of("boolean", "true or false") },
  search: { ...JOB, ...SEARCH },
  // What a policy is, is checked where it is read.
  fit: { ...JOB, policy: anything },
};
const SEARCHING: Checks<NonNullable<TrainOptions["search"]>> = {
  budget: of("number", "a number of plain runs"),
  space: object("hyperparameters or false, by technique"),
  warm: (value) => (Array.isArray(value) ? undefined : "a list of policies"),
};

/** Errors: REG_PLUGIN_INVALID. What each of them is, the container says. */
export function expectPlugins(options: { readonly plugins: readonly Plugin[] }): readonly Plugin[] {
  if (isObject(options) && Array.isArray(options.plugins)) return options.plugins;
  throw new RegimenError(
    "REG_PLUGIN_INVALID",
    "createRegimen got no list of plug-ins; expected { plugins: [wasm, classifier, mixup] }, each a package's default export",
  );
}

/** Whether a job was asked for in words that it knows. Errors: REG_CONFIG_INVALID, which names key, value and what was expected. */
export function expectOptions(job: Job, options: unknown): asserts options is JobOptions {
  expectKeys(job, options, OPTIONS[job], ["model", "data"]);
  const { data, training, search } = options as SearchOptions;
  expectKeys("data", data, DATA, ["train"]);
  if (training !== undefined) expectKeys("training", training, TRAINING);
  if (search !== undefined) expectKeys("search", search, SEARCHING);
}

function expectKeys(
  where: string,
  given: unknown,
  checks: { readonly [key: string]: Check },
  needed: string[] = [],
): void {
  const bad = (message: string): never => {
    throw new RegimenError("REG_CONFIG_INVALID", message);
  };
  const known = Object.keys(checks);
  if (!isObject(given)) return bad(`${where} got ${briefly(given)}; expected an object with ${known.join(", ")}`);
  for (const key of needed)
    if (given[key] === undefined) bad(`${where} lacks "${key}"; expected ${checks[key]!(undefined)}`);
  for (const [key, value] of Object.entries(given)) {
    const near = nearest(key, known);
    if (!Object.hasOwn(checks, key))
      bad(`${where} got "${key}"; ${near ? `the nearest that it knows is "${near}"` : `it knows ${known.join(", ")}`}`);
    const expected = value === undefined ? undefined : checks[key]!(value);
    if (expected) bad(`${where}: ${key} is ${briefly(value)}; expected ${expected}`);
  }
}
