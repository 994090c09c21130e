import type { Params } from "./json.ts";
import { briefly, isObject } from "./values.ts";
import type { Fragment } from "./metalearner.ts";
import type { Policy, PolicyByHand, PolicyStep, PolicyTrain } from "./plugin.ts";
import type { Technique } from "./technique.ts";
import { RegimenError, nearest } from "./errors.ts";
import { threeWords } from "./names.ts";
import { completeParams, isOff, offParams } from "./space.ts";

const HEAD = { name: "string", engine: "string", seed: "number" } as const;
const TRAIN: { readonly [K in keyof PolicyTrain]-?: "number" | "string" | "boolean" } = {
  epochs: "number",
  batchSize: "number",
  learningRate: "number",
  optimizer: "string",
  schedule: "string",
  withValidation: "boolean",
  plainEpochs: "number",
  plainHorizon: "number",
};
const MAY_LACK: readonly string[] = ["withValidation", "plainEpochs", "plainHorizon"] satisfies (keyof PolicyTrain)[];

/** Checks a policy read from JSON. Errors: REG_POLICY_FORMAT, REG_POLICY_INVALID. */
export function parsePolicy(json: unknown): Policy {
  const bad = (why: string): never => {
    throw new RegimenError(
      "REG_POLICY_INVALID",
      `the policy ${why}; expected the content of a policy.json, as regimen search writes it`,
    );
  };
  if (!isObject(json)) return bad(`is ${json === null ? "null" : typeof json}`);
  if (isDeeper(json, DEEPEST)) bad(`is nested deeper than ${DEEPEST} levels`);
  if (typeof json["format"] === "number" && json["format"] > 1)
    throw new RegimenError(
      "REG_POLICY_FORMAT",
      `the policy has format ${json["format"]}, and this version reads format 1; update: npm i regimen@latest`,
    );
  if (json["format"] !== 1) bad(has("format", json["format"]));
  const known = ["format", ...Object.keys(HEAD), "train", "steps"];
  for (const key of Object.keys(json)) if (!known.includes(key)) bad(`has the unknown key "${key}"${hint(key, known)}`);
  for (const [key, type] of Object.entries(HEAD))
    if (typeof json[key] !== type) bad(`${has(key, json[key])}, which is no ${type}`);
  const { train, steps } = json;
  if (!isObject(train)) return bad("has no train settings");
  for (const [key, type] of Object.entries(TRAIN))
    if (typeof train[key] !== type && !(MAY_LACK.includes(key) && train[key] === undefined))
      bad(`${has(`train.${key}`, train[key])}, which is no ${type}`);
  for (const key of Object.keys(train))
    if (!Object.hasOwn(TRAIN, key)) bad(`has the unknown key "train.${key}"${hint(key, Object.keys(TRAIN))}`);
  const { epochs, batchSize, learningRate } = train as PolicyTrain;
  for (const [key, value] of Object.entries({ epochs, batchSize, learningRate }))
    if (!(value > 0) || (key === "batchSize" && !Number.isInteger(value)))
      bad(`has train.${key} ${value}, which trains nothing`);
  const { plainEpochs, plainHorizon } = train as PolicyTrain;
  if (plainEpochs !== undefined && !(plainEpochs > 0 && plainEpochs <= (plainHorizon ?? 0)))
    bad(
      `has train.plainEpochs ${plainEpochs} and train.plainHorizon ${plainHorizon}; the first must be above 0 and at most the second`,
    );
  if (!Array.isArray(steps)) return bad("has no steps");
  steps.forEach((step: unknown, at) => {
    if (!isObject(step) || typeof step["use"] !== "string" || !isObject(step["with"]))
      bad(`has a step ${at + 1} without "use" and "with"`);
    const { paramsVersion = 1 } = step as { readonly paramsVersion?: unknown };
    if (!Number.isInteger(paramsVersion) || (paramsVersion as number) < 1)
      bad(`has a step ${at + 1} with paramsVersion ${JSON.stringify(paramsVersion)}, which is no whole number from 1`);
  });
  return json as unknown as Policy;
}
/** Steps, hyperparameters and evidence need six; what is written indented grows by the square of its depth. */
const DEEPEST = 16;
const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));
const has = (key: string, value: unknown): string =>
  value === undefined ? `has no ${key}` : `has ${key} ${JSON.stringify(value).slice(0, 60)}`;
const hint = (got: string, known: readonly string[]): string => {
  const near = nearest(got, known);
  return near ? `, the nearest known key is "${near}"` : "";
};

/**
 * A step's hyperparameters as the installed technique means them. Errors: REG_POLICY_FORMAT.
 */
function migrated({ use, with: params, paramsVersion = 1 }: PolicyStep, techniques: readonly Technique[]): Params {
  const technique = techniques.find(({ name }) => name === use);
  const known = technique?.paramsVersion ?? 1;
  if (!technique || paramsVersion === known) return params;
  const pack = use
    .split("/")
    .slice(0, use.startsWith("@") ? 2 : 1)
    .join("/");
  if (paramsVersion > known)
    throw new RegimenError(
      "REG_POLICY_FORMAT",
      `the policy has hyperparameters of version ${paramsVersion} for "${use}", and version ${known} is installed; update: npm i ${pack}@latest`,
    );
  if (technique.migrate) return technique.migrate(params, paramsVersion);
  throw new RegimenError(
    "REG_POLICY_FORMAT",
    `the policy has hyperparameters of version ${paramsVersion} for "${use}", whose version ${known} cannot read them; install an older ${pack}, or write that step anew`,
  );
}

/** Errors: REG_POLICY_INVALID. */
function checkByHand(policy: unknown): void {
  const bad = (why: string): never => {
    throw new RegimenError(
      "REG_POLICY_INVALID",
      `the policy ${why}; expected "none", the content of a policy.json, or { steps: [{ use: "@regimen/technique-mixup", with: { alpha: 0.2 } }] }`,
    );
  };
  if (!isObject(policy)) return bad(`is ${briefly(policy)}`);
  const { steps, train } = policy;
  if (!Array.isArray(steps)) return bad(has("steps", steps));
  steps.forEach((step: unknown, at) => {
    if (!isObject(step) || typeof step["use"] !== "string") bad(`has a step ${at + 1} without "use"`);
    const { with: params = {} } = step as { readonly with?: unknown };
    if (!isObject(params)) bad(`has a step ${at + 1} with ${briefly(params)} for hyperparameters`);
  });
  if (train !== undefined && !isObject(train)) bad(has("train", train));
}

/** What is trained of a policy, with hyperparameters as `techniques` mean them. Errors: REG_POLICY_FORMAT, REG_POLICY_INVALID. */
export const fragmentOf = (policy: Policy | PolicyByHand | "none", techniques: readonly Technique[] = []): Fragment => {
  if (policy === "none") return { steps: [] };
  if (!isObject(policy) || !("format" in policy)) checkByHand(policy);
  const train = "format" in policy ? ({ ...policy.train } as Params) : policy.train;
  const steps = policy.steps as readonly PolicyStep[];
  const refused = [
    ...("format" in policy ? [] : (policy.refused ?? [])),
    ...steps.flatMap(({ use, refused: why }) => (why ? [{ use, ...why }] : [])),
  ];
  return {
    steps: steps
      .filter((step) => !step.refused)
      .map((step) => ({ use: step.use, with: "format" in policy ? migrated(step, techniques) : (step.with ?? {}) })),
    ...(train && { train }),
    ...(refused.length && { refused }),
  };
};

const versionsOf = ({ version, paramsVersion = 1 }: Technique): Pick<PolicyStep, "version" | "paramsVersion"> => ({
  version,
  ...(paramsVersion === 1 ? {} : { paramsVersion }),
});

/** A fragment as a policy: versions and defaults filled in, techniques that are off left out, refusals noted. */
export function policyOf(
  fragment: Fragment,
  train: PolicyTrain,
  seed: number,
  { engine, techniques }: { readonly engine: string; readonly techniques: readonly Technique[] },
): Policy {
  const steps = fragment.steps.flatMap(({ use, with: params }): PolicyStep[] => {
    const technique = techniques.find(({ name }) => name === use);
    if (!technique) return [{ use, version: "?", with: params }]; // composing it will say what is missing
    const whole = completeParams(technique, params);
    return isOff(technique.space, whole) ? [] : [{ use, ...versionsOf(technique), with: whole }];
  });
  const turnedAway = (fragment.refused ?? []).map(({ use, because, evidence }): PolicyStep => {
    const known = techniques.find(({ name }) => name === use);
    const off = (known && offParams(known.space)) ?? {};
    return { use, ...(known ? versionsOf(known) : { version: "?" }), with: off, refused: { because, evidence } };
  });
  return { format: 1, name: threeWords(seed), engine, seed, train, steps: [...steps, ...turnedAway] };
}
