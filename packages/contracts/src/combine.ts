import type { Cost, Json } from "./json.ts";
import type { Answer, Fragment, MetaLearner, Problem, Request } from "./metalearner.ts";
import type { TechniqueMeta } from "./technique.ts";
import { addCost, minusCost, scaleCost, zeroCost } from "./cost.ts";

/** `b` over `a`: a technique named in both has `b`'s hyperparameters, in `a`'s place. What either refuses is refused. */
export function mergeFragments(a: Fragment, b: Fragment): Fragment {
  const refused = [...new Map([...(a.refused ?? []), ...(b.refused ?? [])].map((one) => [one.use, one])).values()];
  const later = new Map(b.steps.map((step) => [step.use, step]));
  const kept = a.steps.map((step) => later.get(step.use) ?? step);
  const added = b.steps.filter((step) => !a.steps.some((other) => other.use === step.use));
  const steps = [...kept, ...added].filter(({ use }) => !refused.some((one) => one.use === use));
  return { steps, train: { ...a.train, ...b.train }, ...(refused.length && { refused }) };
}

// A child's ids and checkpoints live below its number; a checkpoint whose name starts with "/" is everybody's.
const place = (at: number, name: string): string => (name.startsWith("/") ? name : `${at}/${name}`);
function outward(at: number, request: Request): Request {
  if (request.kind === "wait" || request.kind === "done") return request;
  const id = `${at}/${request.id}`;
  const from = request.from === undefined ? {} : { from: place(at, request.from) };
  if (request.kind === "measure") return { ...request, id, ...from };
  return {
    ...request,
    id,
    ...from,
    ...(request.keep !== undefined && { keep: place(at, request.keep) }),
    ...(request.drop && { drop: request.drop.map((name) => place(at, name)) }),
  };
}
/** What learner `of` says of its own end, after what those before it said. */
const ended = (whys: readonly string[], of: MetaLearner, { why }: { readonly why?: string }): readonly string[] =>
  why === undefined ? whys : [...whys, `${of.name}: ${why}`];
const allDone = (whys: readonly string[]): Request => ({
  kind: "done",
  ok: true,
  ...(whys.length && { why: whys.join("; ") }),
});
const childOf = (id: string): number => Number(id.slice(0, id.indexOf("/")));
const inward = (answer: Answer): Answer => ({ ...answer, id: answer.id.slice(answer.id.indexOf("/") + 1) });

/** What learner `at` is given: what it claims and nobody before it does. */
function share(
  problem: Problem,
  learners: readonly MetaLearner[],
  at: number,
): Pick<Problem, "techniques" | "train" | "warm"> {
  const taken = (what: TechniqueMeta | { train: string }): boolean =>
    learners.slice(0, at).some((learner) => learner.claims(what));
  const learner = learners[at]!;
  const techniques = problem.techniques.filter((t) => learner.claims(t) && !taken(t));
  const its = ({ steps }: Fragment): Fragment => ({
    steps: steps.filter(({ use }) => techniques.some(({ name }) => name === use)),
  });
  return {
    techniques,
    train: Object.fromEntries(
      Object.entries(problem.train).filter(([train]) => learner.claims({ train }) && !taken({ train })),
    ),
    ...(problem.warm && { warm: problem.warm.map(its).filter(({ steps }) => steps.length) }),
  };
}
const allMeasures = (learners: readonly MetaLearner[]): NonNullable<MetaLearner["measures"]> =>
  Object.assign({}, ...learners.map((learner) => learner.measures ?? {}));

type SequenceState = {
  problem: Problem;
  at: number;
  inner: Json;
  found: Fragment;
  spent: Cost;
  whys: readonly string[];
};

/** One after the other: each builds on what those before it found, with the budget they left. */
export function sequence(...learners: readonly MetaLearner[]): MetaLearner<SequenceState> {
  const start = ({ problem, at, found, spent, whys }: Omit<SequenceState, "inner">): SequenceState => {
    const learner = learners[at];
    const budget = minusCost(problem.budget, spent);
    const inner = learner ? learner.init({ ...problem, ...share(problem, learners, at), base: found, budget }) : null;
    return { problem, at, found, spent, whys, inner };
  };
  const best = (s: SequenceState): Fragment => {
    const learner = learners[s.at];
    return learner ? mergeFragments(s.found, learner.best(s.inner)) : s.found;
  };
  const ask = (s: SequenceState): readonly [Request, SequenceState] => {
    const learner = learners[s.at];
    if (!learner) return [allDone(s.whys), s];
    const [request, inner] = learner.ask(s.inner);
    const state = { ...s, inner };
    return request.kind === "done"
      ? ask(start({ ...s, at: s.at + 1, found: best(state), whys: ended(s.whys, learner, request) }))
      : [outward(s.at, request), state];
  };
  return {
    name: `sequence(${learners.map((learner) => learner.name).join(", ")})`,
    measures: allMeasures(learners),
    claims: (what) => learners.some((learner) => learner.claims(what)),
    init: (problem) => start({ problem, at: 0, found: problem.base, spent: zeroCost, whys: [] }),
    ask,
    tell: (s, answer) => ({
      ...s,
      spent: addCost(s.spent, answer.cost),
      inner: learners[s.at]!.tell(s.inner, inward(answer)),
    }),
    best,
  };
}

type FallbackState = { problem: Problem; at: number; inner: Json; spent: Cost };

/** The first whose search ends well; each next one starts anew with the budget that is left. */
export function fallback(...learners: readonly MetaLearner[]): MetaLearner<FallbackState> {
  const start = (problem: Problem, at: number, spent: Cost): FallbackState => ({
    problem,
    at,
    spent,
    inner: learners[at]!.init({ ...problem, budget: minusCost(problem.budget, spent) }),
  });
  const ask = (s: FallbackState): readonly [Request, FallbackState] => {
    const [request, inner] = learners[s.at]!.ask(s.inner);
    if (request.kind === "done" && !request.ok && s.at + 1 < learners.length)
      return ask(start(s.problem, s.at + 1, s.spent));
    return [outward(s.at, request), { ...s, inner }];
  };
  return {
    name: `fallback(${learners.map((learner) => learner.name).join(", ")})`,
    measures: allMeasures(learners),
    claims: (what) => learners.some((learner) => learner.claims(what)),
    init: (problem) => start(problem, 0, zeroCost),
    ask,
    tell: (s, answer) => ({
      ...s,
      spent: addCost(s.spent, answer.cost),
      inner: learners[s.at]!.tell(s.inner, inward(answer)),
    }),
    best: (s) => learners[s.at]!.best(s.inner),
  };
}

/** What `best` says that `base` does not: a base that one hands on must not undo what another changed. */
const beyond = (base: Fragment, best: Fragment): Fragment => ({
  steps: best.steps.filter((step) => !base.steps.some((other) => JSON.stringify(other) === JSON.stringify(step))),
  train: Object.fromEntries(Object.entries(best.train ?? {}).filter(([key, value]) => base.train?.[key] !== value)),
  ...(best.refused && { refused: best.refused }),
});

type ParallelState = {
  problem: Problem;
  inner: readonly Json[];
  done: readonly boolean[];
  whys: readonly string[];
};

/** Side by side on one base, each with what it claims and an equal share of the budget. */
export function parallel(...learners: readonly MetaLearner[]): MetaLearner<ParallelState> {
  return {
    name: `parallel(${learners.map((learner) => learner.name).join(", ")})`,
    measures: allMeasures(learners),
    claims: (what) => learners.some((learner) => learner.claims(what)),
    init: (problem) => ({
      problem,
      done: learners.map(() => false),
      whys: [],
      inner: learners.map((learner, at) =>
        learner.init({
          ...problem,
          ...share(problem, learners, at),
          budget: scaleCost(problem.budget, 1 / learners.length),
        }),
      ),
    }),
    ask(s) {
      let { inner, done, whys } = s;
      for (const [at, learner] of learners.entries()) {
        if (done[at]) continue;
        const [request, next] = learner.ask(inner[at]!);
        inner = inner.with(at, next);
        if (request.kind === "done") {
          done = done.with(at, true);
          whys = ended(whys, learner, request);
        } else if (request.kind !== "wait") return [outward(at, request), { ...s, inner, done, whys }];
      }
      const state = { ...s, inner, done, whys };
      return [done.every(Boolean) ? allDone(whys) : { kind: "wait" }, state];
    },
    tell(s, answer) {
      const at = childOf(answer.id);
      return { ...s, inner: s.inner.with(at, learners[at]!.tell(s.inner[at]!, inward(answer))) };
    },
    best: (s) =>
      learners.reduce<Fragment>(
        (found, learner, at) => mergeFragments(found, beyond(s.problem.base, learner.best(s.inner[at]!))),
        s.problem.base,
      ),
  };
}
