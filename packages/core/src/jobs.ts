import {
  ERROR_CODES,
  RegimenError,
  addCost,
  fragmentOf,
  imagesSeen,
  mergeFragments,
  minusCost,
  parsePolicy,
  policyOf,
  scaleCost,
  zeroCost,
  type Attribution,
  type Cost,
  type FitOptions,
  type FitResult,
  type Fragment,
  type Json,
  type MetaLearner,
  type PolicyTrain,
  type Problem,
  type RegimenEvent,
  type SearchOptions,
  type SearchResult,
  type TrainOptions,
  type TrainResult,
  type Trial,
} from "@regimen/contracts";
import { DRAWN, decode, drawAnswers, sheetOf, withOverlays, type Checkpoint } from "@regimen/run-folder";
import { buildReport, worstRows } from "@regimen/stats";
import { attribute, prune } from "./attribution.ts";
import { composePolicy } from "@regimen/composition";
import { LATE, engineOf, identityOf, imagesFor, open, type Context, type Opened } from "./context.ts";
import { duplicatesOf, samplesOf, withPictures } from "@regimen/sources";
import { finish, finishBaseline } from "./finish.ts";
import { evaluateModel } from "./inference.ts";
import { learnerOf, problemOf } from "./problem.ts";
import { LATE_NAME, TRUNK_NAME, answerTrial, checkpointKey, search, type Found, type TrialRequest } from "./search.ts";
import type { Outcome, Session } from "./session.ts";
import { positionOf } from "./stage.ts";
import { train } from "./train.ts";

/** The plain beginning of a training that no search made. */
const START_NAME = "/start";
/** Share of the search's budget that goes into telling what each technique is worth, where there is a baseline to tell it on. */
const ATTRIBUTION = 0.15;

/** One training by a given policy. */
export async function fitJob(context: Context, options: FitOptions): Promise<FitResult> {
  const { policy: named } = options;
  const given = typeof named === "object" && named && "format" in named ? parsePolicy(named) : undefined;
  const seed = options.seed ?? given?.seed ?? 0;
  const wanted = fragmentOf(options.policy, context.registered.techniques);
  const opened = await open("fit", context, { ...options, seed }, { policy: wanted as unknown as Json });
  const { session, splits, folder } = opened;
  composePolicy(wanted, context.registered.techniques, session);
  const asked = { ...session.settings, ...wanted.train } as PolicyTrain;
  const settings = lastSettings(context, opened, wanted, asked, asked.withValidation === true);
  opened.expect(imagesFor(settings, splits) + (settings.plainEpochs ?? 0) * splits.train.length);
  context.emit({ kind: "stage", stage: "final", message: "training", secondsLeft: null });
  const policy = policyOf(wanted, settings, seed, engineOf(context));
  const outcome = await trainLast(opened, { ...wanted, train: settings });
  const result = await finish(context, opened, outcome, policy);
  folder.finish();
  return result;
}

type Searched = {
  readonly found: Found;
  readonly problem: Problem;
  readonly learner: MetaLearner;
  readonly attribution: Attribution;
  readonly policy: Fragment;
};

type Stage = Extract<RegimenEvent, { kind: "stage" }>["stage"];
const announce = (context: Context, { secondsLeft }: Session, stage: Stage, message: string): void =>
  context.emit({ kind: "stage", stage, message, secondsLeft: secondsLeft() });

async function searchWith(
  context: Context,
  opened: Opened,
  options: SearchOptions,
  plainRun: PlainRun,
): Promise<Searched> {
  const { session, folder } = opened;
  const budget = options.search?.budget ?? 1;
  if (!(budget >= 0))
    throw new RegimenError("REG_BUDGET", `search.budget is ${budget}; expected 0 or more, in plain runs`);
  const learner = learnerOf(options, context.registered);
  const whole = problemOf(opened, options, budget, plainRun.compare);
  const reserve = scaleCost(whole.budget, plainRun.compare ? ATTRIBUTION : 0);
  const problem = { ...whole, budget: minusCost(whole.budget, reserve) };
  folder.json("search.json", { metalearner: learner.name, problem } as unknown as Json);
  const begin = (): void => announce(context, session, "search", `searching with ${learner.name}`);
  begin();
  const { executor } = options;
  if (executor?.begin)
    await executor.begin({ identity: await identityOf(context, options, opened), folder: folder.path });
  const found = await search(
    session,
    learner,
    problem,
    folder.journal,
    (settings) => plainRun.need(settings, begin),
    executor,
  );
  const left = Math.min(imagesSeen(reserve), imagesSeen(whole.budget) - imagesSeen(found.spent));
  if (found.best.steps.length && plainRun.compare) {
    await plainRun.need(found.best.train);
    announce(context, session, "attribution", "measuring what each technique is worth");
  }
  const attribution = await attribute(session, found.best, { seed: opened.seed, images: left }, folder.journal);
  return { found, problem, learner, attribution, policy: prune(found.best, attribution) };
}

/** Learns and writes a policy, no more. */
export async function searchJob(context: Context, options: SearchOptions): Promise<SearchResult> {
  const budget = options.search?.budget ?? 1;
  const opened = await open("search", context, options, {
    budget,
    space: (options.search?.space ?? {}) as unknown as Json,
    warm: (options.search?.warm ?? []) as unknown as Json,
  });
  const { plain, folder, seed } = opened;
  opened.expect(opened.trunk.images + budget * plain);
  const plainRun = new PlainRun(context, opened, false);
  const { found, policy, attribution } = await searchWith(context, opened, options, plainRun);
  const searched = addCost(found.spent, attribution.cost);
  const spent = addCost(searched, (await plainRun.made)?.trunk.cost ?? zeroCost);
  const settings = finalSettings(context, opened, policy, {
    images: (1 + budget) * plain - imagesSeen(spent),
    trunk: (await plainRun.made)?.trunk,
  });
  const result = policyOf(policy, settings, seed, engineOf(context));
  folder.json("policy.json", result as unknown as Json);
  folder.finish();
  return {
    policy: result,
    cost: spent,
    trials: found.trials.map(({ losses, points, ...record }) => record),
    folder: folder.path ?? null,
  };
}

/** The plain training: its checkpoint, and all of it where it is to be compared with. */
type Plain = { readonly trunk: Trial; readonly baseline: Outcome | undefined };
/** Made when it is first needed, with the settings that have been found by then. */
class PlainRun {
  readonly #context: Context;
  readonly #opened: Opened;
  readonly compare: boolean;
  /** Undefined where nobody needed it. */ made: Promise<Plain> | undefined;

  constructor(context: Context, opened: Opened, compare: boolean) {
    [this.#context, this.#opened, this.compare] = [context, opened, compare];
  }

  /** `after`: called once, when it was made. */
  async need(settings: Fragment["train"], after?: () => void): Promise<Plain> {
    const known = this.made;
    this.made ??= this.#make({ steps: [], ...(settings && { train: settings }) });
    const plain = await this.made;
    if (!known) after?.();
    return plain;
  }

  async #make(policy: Fragment): Promise<Plain> {
    const message = this.compare ? "plain baseline" : "plain trunk";
    this.#context.emit({ kind: "stage", stage: "baseline", message, secondsLeft: null });
    const { session, folder, seed, plain, trunk: begin } = this.#opened;
    const part = (id: string, until: number, from?: string): Promise<Trial> => {
      const how = { id, policy, until, horizon: plain, seed };
      return trainPlainly(this.#opened, { ...how, ...(from && { from }) });
    };
    const trunk = await part(TRUNK_NAME, begin.images);
    if (!this.compare) return { trunk, baseline: undefined };
    const late = await part(LATE_NAME, Math.round(LATE * plain), TRUNK_NAME);
    const from = decode(folder.store.get(checkpointKey(LATE_NAME))!);
    const order = { key: "baseline", policy, seed, until: plain, horizon: plain, from, validate: true, lasting: true };
    const end = await train(session, order);
    const baseline = { ...end, cost: addCost(late.cost, end.cost), points: [...late.points, ...end.points] };
    return { trunk, baseline };
  }
}
/** A plain training that is kept under its id. Throws what made it fail. */
async function trainPlainly(
  { session, folder }: Opened,
  how: Pick<TrialRequest, "id" | "policy" | "until" | "seed" | "from"> & { readonly horizon: number },
): Promise<Trial> {
  const request = { kind: "trial", keep: how.id, ...how } as const;
  const [answer, trial] = await answerTrial(session, request, Number.POSITIVE_INFINITY, folder.journal, true);
  if (answer.status !== "ok") {
    const why = answer.why ?? "";
    const code = ERROR_CODES.find((one) => why.startsWith(`${one}:`)) ?? "REG_HOOK";
    throw new RegimenError(code, `the plain training failed: ${why.replace(`${code}: `, "")}`);
  }
  return trial;
}

/** For the images that are left: a whole number of hundredths of an epoch, so that `fit --policy` trains exactly as long. */
function finalSettings(
  context: Context,
  opened: Opened,
  policy: Fragment,
  left: { readonly images: number; readonly trunk: Trial | undefined },
): PolicyTrain {
  const { session, splits } = opened;
  const all = { ...session.settings, ...policy.train } as PolicyTrain;
  // A plain beginning that nobody made yet has to be paid for.
  const ahead = all.plainEpochs && !isStart(opened, all, left.trunk) ? all.plainEpochs : 0;
  const epochs = Math.max(0.01, Math.floor(100 * (left.images / splits.train.length - ahead)) / 100);
  return lastSettings(context, opened, policy, { ...all, epochs }, session.settings.withValidation !== false);
}

/**
 * Settings of the model that is handed back. The validation images are free to train it where a test split is there to measure
 * it on and nothing is chosen by them: no decision threshold, and nothing that a technique of the policy decides.
 */
function lastSettings(
  { registered }: Context,
  { session, splits }: Opened,
  { steps }: Fragment,
  settings: PolicyTrain,
  wanted: boolean,
): PolicyTrain {
  const { withValidation: _, ...rest } = settings;
  const validates = registered.techniques.some((one) => one.validates && steps.some(({ use }) => use === one.name));
  const free = splits.test && session.task === "classification" && !validates;
  return { ...rest, ...(wanted && free && { withValidation: true }) };
}

/** Trains the model that is handed back, by a policy whose settings are complete. `cost` is that of its plain beginning too, if it was made here. */
async function trainLast(opened: Opened, policy: Fragment, made?: Trial): Promise<Outcome> {
  const { session, splits, seed } = opened;
  const settings = policy.train as PolicyTrain;
  const { train: rows, validation } = splits;
  const start = await startOf(opened, settings, made);
  const { position: origin } = positionOf(start?.checkpoint);
  const data = { ...session.data, ...(settings.withValidation && { train: rows.concat(validation) }) };
  const until = origin + imagesFor(settings, splits);
  const validate = !settings.withValidation;
  const order = { key: "final", policy, seed, until, horizon: until, origin, lasting: true, validate };
  const outcome = await train({ ...session, data }, { ...order, ...(start && { from: start.checkpoint }) });
  return { ...outcome, cost: addCost(outcome.cost, start?.cost ?? zeroCost) };
}

/** The plain training that the settings begin with: the search's trunk where it is the same, else one of its own. */
async function startOf(
  opened: Opened,
  settings: PolicyTrain,
  trunk: Trial | undefined,
): Promise<{ readonly checkpoint: Checkpoint; readonly cost: Cost } | undefined> {
  const { splits, folder, seed } = opened;
  const { plainEpochs, plainHorizon = 0, epochs: _, withValidation: __, ...train } = settings;
  if (!plainEpochs) return undefined;
  const kept = (name: string): Checkpoint => decode(folder.store.get(checkpointKey(name))!);
  if (isStart(opened, settings, trunk)) return { checkpoint: kept(TRUNK_NAME), cost: zeroCost };
  const [until, horizon] = [plainEpochs, plainHorizon].map((epochs) => imagesFor({ ...settings, epochs }, splits));
  const how = { id: START_NAME, policy: { steps: [], train }, until: until!, horizon: horizon!, seed };
  const trial = await trainPlainly(opened, how);
  return { checkpoint: kept(START_NAME), cost: trial.cost };
}
/** Whether the trunk is what the settings begin with. */
function isStart({ session, splits }: Opened, settings: PolicyTrain, trunk: Trial | undefined): boolean {
  const { plainEpochs = 0, plainHorizon = 0, epochs: _, withValidation: __, ...train } = settings;
  const at = (epochs: number): number => imagesFor({ ...settings, epochs }, splits);
  if (trunk?.until !== at(plainEpochs) || trunk.horizon !== at(plainHorizon)) return false;
  return isSame({ ...session.settings, ...trunk.policy.train }, train);
}
const isSame = (a: object, b: object): boolean =>
  Object.entries(b).every(([key, value]) => (a as { readonly [key: string]: unknown })[key] === value);

/** The main job: baseline, search, final training, report. */
export async function trainJob(context: Context, options: TrainOptions): Promise<TrainResult> {
  const budget = options.search?.budget ?? 1;
  const compare = options.baseline !== false;
  const name = typeof options.metalearner === "string" ? options.metalearner : (options.metalearner?.name ?? "default");
  const opened = await open("train", context, options, {
    budget,
    compare,
    metalearner: name,
    space: (options.search?.space ?? {}) as unknown as Json,
    warm: (options.search?.warm ?? []) as unknown as Json,
  });
  const { session, folder, plain, seed, splits } = opened;
  opened.expect(((compare ? 1 : 0) + 1 + budget) * plain);
  const plainRun = new PlainRun(context, opened, compare);
  const searched = await searchWith(context, opened, options, plainRun);
  const { policy, attribution, found } = searched;
  const made = compare ? await plainRun.need(policy.train) : await plainRun.made;
  const trunk = made?.trunk.cost ?? zeroCost;
  const baseline = made?.baseline;
  // With a baseline the trunk is paid for, unless the final model goes on from it: what it is made of is counted, whoever made it.
  const apart = compare && !policy.train?.["plainEpochs"];
  const spent = addCost(addCost(found.spent, attribution.cost), apart ? zeroCost : trunk);
  const settings = finalSettings(context, opened, policy, {
    images: (1 + budget) * plain - imagesSeen(spent),
    trunk: made?.trunk,
  });
  announce(context, session, "final", "final training");
  const outcome = await trainLast(opened, mergeFragments(policy, { steps: [], train: settings }), made?.trunk);
  const written = policyOf(policy, settings, seed, engineOf(context));
  const result = await finish(context, opened, outcome, written);
  const judged = splits.test ?? splits.validation;
  const regimen =
    result.test ?? (await evaluateModel(result.model, splits.validation, { ...context, task: session.task }));
  const rows = worstRows(regimen, DRAWN);
  const before = baseline && (await finishBaseline(context, opened, baseline, rows));
  const bare = buildReport({
    record: folder.record,
    options,
    splits,
    duplicates: await duplicatesOf(splits),
    result,
    regimen,
    baseline: baseline && {
      evaluation: before!.evaluation,
      cost: addCost(trunk, baseline.cost),
      points: [...made!.trunk.points, ...baseline.points],
    },
    trunk,
    final: outcome,
    search: { ...found, metalearner: searched.learner.name, problem: searched.problem, policy },
    attribution,
    plain,
    model: session.blueprint.name,
    task: session.task,
  });
  const misclassified = await withPictures(bare.misclassified, judged);
  const drawn = {
    baseline: before?.drawn,
    regimen: await drawAnswers(session.scaffold, result.model, regimen, judged, rows),
  };
  const worst = await withOverlays(bare, drawn, judged, rows);
  const dataset = { ...bare.dataset, samples: await samplesOf(splits.train, sheetOf) };
  const report = { ...bare, ...worst, dataset, misclassified, synthetic: folder.shown() };
  folder.json("report.json", report as unknown as Json);
  folder.finish();
  return { ...result, report };
}
