import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  source,
  type Executor,
  type FitResult,
  type JobOptions,
  type Json,
  type Policy,
  type PolicyByHand,
  type Regimen,
  type Running,
  type SearchOptions,
  type SearchResult,
  type TrainResult,
} from "@regimen/core";
import type { Settings } from "../config/settings.ts";
import type { Console } from "../display/console.ts";
import { follow } from "../display/follow.ts";
import { about, count, typed } from "../display/style.ts";
import { Interrupted } from "../failures.ts";
import type { Io } from "../io.ts";
import { loadPlugins, type Loaded } from "../plugins/load.ts";
import { augmentedSheet, rewriteReport } from "./augmented.ts";
import { choose, type Choice } from "./choose.ts";
import { executorOf, type Elsewhere } from "./executor.ts";
import { shownPath, type Recorded } from "./folder.ts";
import { chooseLearner, type ChosenLearner } from "./learner.ts";
import { plainRuns } from "./pace.ts";
import { planLines, searched, showPlan } from "./plan.ts";
import { policyName, readPolicy } from "./policy.ts";
import { taskOf } from "./task.ts";
import type { Chosen, Plan } from "./types.ts";

/** What is auto is chosen so that the job takes no longer than this, unless told. */
const USUAL_SECONDS = 30 * 60;

export type Order = {
  readonly job: Plan["job"];
  /** As it was typed. */ readonly line: string;
  readonly settings: Settings;
  readonly backend: string;
  /** Where plug-ins are looked for. */ readonly cwd: string;
  readonly folder: string;
  /** Of a run that goes on. */ readonly chosen?: Chosen;
  readonly dryRun: boolean;
  readonly baseline: boolean;
  /** Seconds; absent: half an hour. */ readonly time?: number;
  /** Of `fit`. */ readonly policy: Policy | PolicyByHand | "none" | null;
  readonly elsewhere?: Elsewhere;
};

export type Finished =
  | { readonly job: "train"; readonly result: TrainResult }
  | { readonly job: "search"; readonly result: SearchResult }
  | { readonly job: "fit"; readonly result: FitResult };

/**
 * Loads plug-ins and data, prints the plan, does the job, hands the result to `tell`, and frees everything. Undefined result:
 * a dry run. Throws `Interrupted` when the user stopped it.
 */
export async function runJob(
  io: Io,
  console: Console,
  order: Order,
  tell: (done: Finished) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const shown = shownPath(order.folder, io.cwd);
  const unlisten = io.onInterrupt(() => {
    console.note("  stopping: saving what was done (once more to stop at once)");
    stop.abort();
  });
  try {
    await prepared(io, console, order, stop.signal, async (job) => {
      const { plan, loaded } = job;
      const lines = planLines(plan, loaded, shown, order.dryRun ? console.ink : console.paint);
      if (order.dryRun) {
        console.json(plan);
        console.say(lines.join("\n"));
        return;
      }
      showPlan(console, lines, io.host.manifest.version);
      const executor = await executorOf({ ...order, plugins: order.settings.plugins }, job.regimen, io, console);
      try {
        await tell(await start(job, order, console, executor));
      } finally {
        await executor?.close();
      }
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new Interrupted(existsSync(join(order.folder, "run.json")) ? `regimen resume ${typed(shown)}` : undefined);
  } finally {
    unlisten();
  }
}

export type Prepared = {
  readonly regimen: Regimen;
  readonly options: JobOptions;
  readonly plan: Plan;
  readonly loaded: readonly Loaded[];
  readonly learner: ChosenLearner;
};

/** Everything that a job works with, as long as `body` does. */
export async function prepared(
  io: Io,
  console: Console,
  order: Order,
  signal: AbortSignal,
  body: (job: Prepared) => Promise<void>,
): Promise<void> {
  const { config, plugins: named } = order.settings;
  const free: (() => void | Promise<void>)[] = [];
  try {
    const loaded = await loadPlugins({ cwd: order.cwd, host: io.host }, named);
    console.live("  starting the backend …");
    const regimen = await io.createRegimen({ plugins: loaded.map(({ plugin }) => plugin), backend: order.backend });
    free.push(() => regimen.dispose());
    const learner = await chooseLearner(config.search?.metalearner, regimen, io.cwd);
    const epochs = epochsOf(order.policy);
    const runs = plainRuns(order.job, order.baseline, config.search?.budget ?? 1);
    const { time = USUAL_SECONDS, chosen } = order;
    const task = await taskOf(order.settings);
    const settings = { ...order.settings, config: { ...config, task } };
    const choice = await choose(regimen, { settings, runs, time, epochs, chosen }, console, signal);
    free.push(
      () => choice.data.dispose(),
      () => choice.model.dispose(),
    );
    const [unreadable] = choice.data.skipped;
    if (unreadable) {
      const others = `${count(choice.data.skipped.length)} images are left out; the first`;
      console.warn("REG_DATA_UNREADABLE", `${others}, ${unreadable.file}: ${unreadable.why}`);
    }
    const { seconds, chosen: found } = choice;
    if (seconds !== null && seconds > time && (order.time !== undefined || found.epochs !== null)) {
      const wish = `the plan takes ${about(seconds)}, more than the ${about(time)} it has`;
      console.warn("REG_PLAN_EXCEEDED", `${wish}; fewer images (limit), fewer epochs or a smaller model would fit`);
    }
    const plan = planOf(order, { regimen, choice, learner, loaded });
    const options: JobOptions = {
      task,
      seed: config.seed,
      model: choice.model.input,
      data: choice.data.input,
      training: choice.training,
      out: order.folder,
      resume: chosen !== undefined,
      signal,
      config: recordOf(order, plan, choice.chosen) as unknown as Json,
    };
    await body({ regimen, options, plan, loaded, learner });
  } finally {
    console.still();
    for (const each of free.toReversed()) await each();
  }
}

type Known = Pick<Prepared, "regimen" | "learner" | "loaded"> & { readonly choice: Choice };

/** Those that a policy says. */
function epochsOf(policy: Order["policy"]): number | undefined {
  const epochs = policy === null || policy === "none" ? undefined : policy.train?.["epochs"];
  return typeof epochs === "number" ? epochs : undefined;
}

function planOf({ job, settings: { config }, policy, folder }: Order, known: Known): Plan {
  const { regimen, choice, learner, loaded } = known;
  const { model, data, training, imagesPerSecond, seconds } = choice;
  const { budget = 1, space = {} } = config.search ?? {};
  return {
    job,
    data: data.plan,
    model: { name: model.name, parameters: model.parameters },
    training,
    search:
      job === "fit" ? null : { metalearner: learner.name, budget, techniques: searched(regimen.registered, space) },
    policy: policy === null || policy === "none" ? policy : policyName(policy),
    backend: regimen.backend,
    plugins: loaded.map(({ plugin: { name, version } }) => ({ name, version })),
    chosen: choice.chosen,
    imagesPerSecond,
    seconds,
    seed: config.seed,
    folder,
  };
}

/** What `resume` needs, in `run.json`: the configuration, and what was chosen where it says auto. */
function recordOf(order: Order, { backend, plugins }: Plan, chosen: Chosen): Recorded {
  const { job, line, cwd, baseline, policy, settings } = order;
  const config = settings.config as unknown as Recorded["config"];
  const { base, plugins: named } = settings;
  const auto: [string, Json | null][] = [
    ["model.architecture", chosen.architecture],
    ["data.image.size", chosen.side],
    ["training.epochs", chosen.epochs],
  ];
  return {
    job,
    command: line,
    cwd,
    base,
    backend: backend.name,
    baseline,
    policy,
    named,
    plugins,
    config,
    chosen,
    auto: Object.fromEntries(auto.filter(([, value]) => value !== null)),
  };
}

async function start(
  { regimen, options, learner }: Prepared,
  order: Order,
  console: Console,
  executor: Executor | undefined,
): Promise<Finished> {
  const run = <T>(running: Running<T>): Promise<T> => follow(running, console);
  if (order.job === "fit")
    return { job: "fit", result: await run(regimen.fit({ ...options, policy: order.policy ?? "none" })) };
  const searching = { ...options, ...searchingOf(order, learner), ...(executor && { executor }) };
  if (order.job === "search") return { job: "search", result: await run(regimen.search(searching)) };
  const result = await run(regimen.train({ ...searching, baseline: order.baseline }));
  return { job: "train", result: await pictured(result, regimen, options, console) };
}

/** What a search is told beside the job's options. */
export function searchingOf(
  { settings }: Order,
  { learner }: ChosenLearner,
): Pick<SearchOptions, "metalearner" | "search"> {
  const { budget, space, warm } = settings.config.search ?? {};
  return {
    ...(learner === undefined ? {} : { metalearner: learner }),
    search: {
      ...(budget === undefined ? {} : { budget }),
      ...(space === undefined ? {} : { space }),
      ...(warm && { warm: warm.map((place) => readPolicy(place, settings.base, "search.warm")) }),
    },
  };
}

/** The same with a sheet of augmented images in its report; a run does not fail for want of a picture. */
async function pictured(
  result: TrainResult,
  { registered }: Regimen,
  { data, task }: JobOptions,
  console: Console,
): Promise<TrainResult> {
  try {
    const augmented = await augmentedSheet(
      result,
      registered.techniques,
      source(await data.train),
      task ?? "classification",
    );
    const report = { ...result.report, augmented };
    if (result.folder !== null) rewriteReport(result.folder, report);
    return { ...result, report };
  } catch (error) {
    console.warn("REG_HOOK", `the report has no augmented images: ${(error as Error).message}`);
    return result;
  }
}
