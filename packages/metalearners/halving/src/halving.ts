import {
  comparable,
  createRng,
  imagesSeen,
  mergeFragments,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Problem,
  type Request,
  type Slot,
} from "@regimen/core";
import { checkOptions, drawAnother, firstPolicies, margin, openTechniques, trunkOf } from "@regimen/proposals";
import { climb, ladderFor, until, type Ladder } from "./plan.ts";

export type HalvingOptions = {
  /** η: one of so many is promoted. 2 to 10. */ readonly eta?: number;
  /** Rungs at the most. 1 to 6. */ readonly rungs?: number;
};
const AXES: { readonly [K in keyof Required<HalvingOptions>]: NumberAxis } = {
  eta: { kind: "value", range: [2, 10], scale: "integer", default: 3 },
  rungs: { kind: "value", range: [1, 6], scale: "integer", default: 3 },
};

/**
 * Configuration 0 is the base, 1 the base again with another seed (bottom rung only, where a trunk is forked: elsewhere the
 * seed is the initial weights too, which all others share), from 2 on what is searched.
 */
const BASE = 0;
const AGAIN = 1;

/** One training at one rung. `loss` is null while it is awaited, and where the trial failed. */
export type Entry = {
  readonly config: number;
  readonly rung: number;
  readonly told: boolean;
  readonly loss: number | null;
};
export type HalvingState = {
  readonly problem: Problem;
  readonly ladder: Ladder | null;
  /** By configuration. */ readonly policies: readonly Fragment[];
  /** In the order asked. */ readonly entries: readonly Entry[];
  /** Checkpoints that are kept: "<configuration>@<rung>". */ readonly kept: readonly string[];
  /** In images, as `imagesSeen` counts them. */ readonly spent: number;
  /** The most that an image of a trial has cost so far. */ readonly dearest: number;
  /** Nothing new is asked any more: the budget refused a trial. */ readonly over: boolean;
};
/** Techniques of these slots train in several stages: such a training cannot be paused, so each rung begins anew. */
const STAGED: readonly Slot[] = ["calibrate", "teach", "pseudo", "synthesize", "ensemble", "pretrain"];

const nameOf = (config: number, rung: number): string => `${config}@${rung}`;

function init(problem: Problem, { eta = AXES.eta.default, rungs = AXES.rungs.default }: HalvingOptions): HalvingState {
  const base = mergeFragments(problem.base, { steps: [] });
  const dearest = imagesSeen(problem.plain) / problem.plain.trained;
  const ladder = ladderFor(problem, eta, rungs) ?? null;
  return { problem, ladder, policies: [base, base], entries: [], kept: [], spent: 0, dearest, over: false };
}

const isOpen = ({ problem }: HalvingState): boolean =>
  openTechniques(problem).length > 0 || Object.keys(problem.train).length > 0;
const at = (state: HalvingState, rung: number): readonly Entry[] => state.entries.filter((e) => e.rung === rung);
const searched = (entry: Entry): boolean => entry.config > AGAIN;
const find = (state: HalvingState, config: number, rung: number): Entry | undefined =>
  state.entries.find((e) => e.config === config && e.rung === rung);
const highest = (entries: readonly Entry[]): number => Math.max(-1, ...entries.map((e) => e.rung));

const isStaged = ({ problem, policies }: HalvingState, config: number): boolean =>
  policies[config]!.steps.some(({ use }) =>
    problem.techniques.some(({ name, order }) => name === use && STAGED.includes(order.slot)),
  );
/** Images that `config` trains to come to `rung` from the one below. */
const price = (state: HalvingState, ladder: Ladder, config: number, rung: number): number =>
  isStaged(state, config) ? until(ladder, rung) - ladder.start : climb(ladder, rung);

/** Those told at a rung, best first; failures last. */
const ranked = (state: HalvingState, rung: number): readonly Entry[] =>
  at(state, rung)
    .filter((entry) => entry.told && searched(entry))
    .sort((a, b) => (a.loss ?? Infinity) - (b.loss ?? Infinity) || a.config - b.config);

/** The best that may climb to the rung above `rung`: among the top 1/η of those told (`least`: of at least so many), and not there yet. */
function promotable(state: HalvingState, ladder: Ladder, rung: number, least: number): Entry | undefined {
  const told = ranked(state, rung);
  const quota = Math.max(least, Math.floor(told.length / ladder.eta));
  return told.slice(0, quota).find((e) => e.loss !== null && !find(state, e.config, rung + 1));
}

/** What must stay unspent so that the base and one configuration can still reach the top. */
function reserve(state: HalvingState, ladder: Ladder): number {
  const rest = (config: number, from: number): number =>
    Array.from({ length: ladder.rungs }, (_, k) => (k > from ? price(state, ladder, config, k) : 0)).reduce(
      (a, b) => a + b,
      0,
    );
  const base = state.entries.filter((entry) => entry.config === BASE);
  const lost = base.some((entry) => entry.told && entry.loss === null);
  const others = state.entries.filter(searched);
  const top = highest(others);
  const leaders = others.filter((entry) => entry.rung === top).map((entry) => rest(entry.config, top));
  return (lost ? 0 : rest(BASE, highest(base))) + (leaders.length ? Math.max(...leaders) : rest(BASE, -1));
}

/** Asks for `config` at `rung`, if that and what must follow fit the budget. */
function request(
  state: HalvingState,
  ladder: Ladder,
  config: number,
  rung: number,
): readonly [Request, HalvingState] | undefined {
  const { problem, policies, entries, kept } = state;
  const asked: HalvingState = { ...state, entries: [...entries, { config, rung, told: false, loss: null }] };
  const awaited = asked.entries
    .filter((entry) => !entry.told)
    .reduce((sum, e) => sum + price(asked, ladder, e.config, e.rung), 0);
  const needed = (awaited + reserve(asked, ladder)) * state.dearest;
  if (state.over || state.spent + needed > imagesSeen(problem.budget)) return undefined;
  const drop = kept.filter((name) => !wanted(asked, ladder, name));
  const images = until(ladder, rung);
  const from = rung > 0 && !isStaged(state, config) ? nameOf(config, rung - 1) : trunkOf(problem)?.name;
  return [
    {
      kind: "trial",
      id: nameOf(config, rung),
      policy: policies[config]!,
      until: images,
      // Each rung ends its own schedule: a rate that has come down shows what the weights are worth.
      horizon: images,
      origin: ladder.start,
      ...(from !== undefined && { from }),
      ...(keeps(state, ladder, config, rung) && { keep: nameOf(config, rung) }),
      ...(drop.length > 0 && { drop }),
      seed:
        config === AGAIN
          ? createRng(problem.seed)
              .fork("again")
              .int(2 ** 31)
          : problem.seed,
    },
    { ...asked, kept: kept.filter((name) => !drop.includes(name)) },
  ];
}

const keeps = (state: HalvingState, ladder: Ladder, config: number, rung: number): boolean =>
  config !== AGAIN && rung < ladder.rungs - 1 && !isStaged(state, config);

/** Whether somebody may still go on from a checkpoint. More entries never better a rank, so whoever is out stays out. */
function wanted(state: HalvingState, ladder: Ladder, name: string): boolean {
  const [config, rung] = name.split("@").map(Number) as [number, number];
  const next = find(state, config, rung + 1);
  if (next) return !next.told;
  const rank = ranked(state, rung).findIndex((entry) => entry.config === config);
  return rank < Math.max(1, Math.floor(ladder.configurations / ladder.eta));
}

/** The next request, or undefined where nothing can be asked now. `least`: see `promotable`. */
function next(state: HalvingState, ladder: Ladder, least: number): readonly [Request, HalvingState] | undefined {
  for (let rung = ladder.rungs - 2; rung >= 0; rung--) {
    const entry = promotable(state, ladder, rung, least);
    if (!entry) continue;
    // The base goes first, so that whoever climbs has something to beat.
    const base = find(state, BASE, rung);
    if (base && !base.told) continue;
    const first = base?.loss != null && !find(state, BASE, rung + 1) ? BASE : entry.config;
    const found = request(state, ladder, first, rung + 1);
    if (found) return found;
  }
  const bottom = at(state, 0).length;
  const config = ladder.start > 0 || !bottom ? bottom : bottom + 1;
  if (config <= AGAIN) return request(state, ladder, config, 0);
  if (config >= ladder.configurations + 2) return undefined;
  const others = state.policies.slice(2);
  const rng = createRng(state.problem.seed).fork("halving");
  const policy = firstPolicies(state.problem)[others.length] ?? drawAnother(state.problem, rng, others.length, others);
  return policy && request({ ...state, policies: [...state.policies, policy] }, ladder, config, 0);
}

function ask(state: HalvingState): readonly [Request, HalvingState] {
  const { ladder } = state;
  if (!isOpen(state)) return [{ kind: "done", ok: true }, state];
  if (!ladder) {
    const why = `the budget of ${Math.round(imagesSeen(state.problem.budget))} images does not pay for the lowest ladder`;
    return [{ kind: "done", ok: false, why }, state];
  }
  const found = next(state, ladder, 0);
  if (found) return found;
  if (state.entries.some((entry) => !entry.told)) return [{ kind: "wait" }, state];
  // Nothing more comes to the bottom: the best of the highest rung climbs on, however few they are.
  const top = highest(state.entries.filter((entry) => searched(entry) && entry.loss !== null));
  const last = top >= 0 && top < ladder.rungs - 1 ? next(state, ladder, 1) : undefined;
  if (last) return last;
  const lost = state.entries.length > 0 && state.entries.every((entry) => entry.loss === null);
  return [{ kind: "done", ok: !lost, ...(lost && { why: "every trial failed" }) }, state];
}

function tell(state: HalvingState, answer: Answer): HalvingState {
  const [config, rung] = answer.id.split("@").map(Number) as [number, number];
  const ladder = state.ladder!;
  const loss = answer.status === "ok" && answer.score ? comparable(answer.score) : undefined;
  const ok = loss !== undefined && Number.isFinite(loss);
  const seen = imagesSeen(answer.cost);
  return {
    ...state,
    entries: state.entries.map((entry) =>
      entry.config === config && entry.rung === rung ? { ...entry, told: true, loss: ok ? loss : null } : entry,
    ),
    kept: answer.status === "ok" && keeps(state, ladder, config, rung) ? [...state.kept, answer.id] : state.kept,
    spent: state.spent + seen,
    dearest: Math.max(state.dearest, seen / price(state, ladder, config, rung)),
    over: state.over || answer.status === "over-budget",
  };
}

/** A policy that beats the base by more than the noise, and by what share of the base's loss. */
export type Winner = { readonly policy: Fragment; readonly gain: number };

/** The best of the highest rung where both the base and somebody else stand, if it beats the base by more than the noise. */
export function winnerOf(state: HalvingState): Winner | undefined {
  const { ladder, policies } = state;
  const lost = state.entries.some(
    (entry) => entry.config === BASE && entry.rung === 0 && entry.told && entry.loss === null,
  );
  for (let rung = (ladder?.rungs ?? 0) - 1; rung >= 0; rung--) {
    const winner = ranked(state, rung).find((entry) => entry.loss !== null);
    const base = find(state, BASE, rung)?.loss;
    if (!winner || (base == null && !lost)) continue;
    if (base == null) return { policy: policies[winner.config]!, gain: 0 };
    const first = find(state, BASE, 0)!.loss!;
    const second = find(state, AGAIN, 0)?.loss;
    const candidates = ranked(state, rung).length;
    const needed = margin({ base, candidates, ...(second != null && { again: { first, second } }) });
    const gain = base - winner.loss!;
    return gain > needed ? { policy: policies[winner.config]!, gain: gain / base } : undefined;
  }
  return undefined;
}
const best = (state: HalvingState): Fragment => winnerOf(state)?.policy ?? state.problem.base;

/** Asynchronous successive halving (ASHA; Li et al. 2020, algorithm 2). Errors: REG_PARAM*. */
export function createHalving(
  options: { readonly [option: string]: Json | undefined } = {},
): MetaLearner<HalvingState> {
  const checked = checkOptions<HalvingOptions>("halving", AXES, options);
  return { name: "halving", claims: () => true, init: (problem) => init(problem, checked), ask, tell, best };
}
