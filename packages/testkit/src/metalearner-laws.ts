import assert from "node:assert/strict";
import {
  completeParams,
  checkValue,
  createRng,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
} from "@regimen/core";
import { assertJson, copy, freeze, sameJson } from "./json.ts";
import { active, claimedBy, madeUpProblem } from "./problem.ts";
import { declare, type Law, type Runner } from "./runner.ts";
import { play, type Breach, type SimulateOptions, type Simulation, type Surface } from "./simulate.ts";

export type MetalearnerLawOptions = {
  /** The world; the made-up problem unless told. What the learner does not claim is taken out of it. */
  readonly problem?: Problem;
  readonly measures?: NonNullable<SimulateOptions["measures"]>;
  readonly kept?: NonNullable<SimulateOptions["kept"]>;
};

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed);
/** Standard deviation of a trial's loss between seeds: what short trainings of a ResNet-20 showed. */
const NOISE = 0.02;
/** A prior that makes nobody take a technique on trust. */
const UNUSUAL = 0.3;

/** Falls with the images as a power law, as trainings do. */
const curve = (images: number): number => 0.6 + 20 / Math.sqrt(images + 100);
const noisy = (loss: number, images: number, seed: number, policy: Fragment): number =>
  loss * (1 + NOISE * createRng(`${seed} ${images} ${JSON.stringify(policy)}`).normal());
const flat: Surface = (_, images) => curve(images);
const noise: Surface = (policy, images, seed) => noisy(curve(images), images, seed, policy);

/** The laws of metalearners, run against `simulate`. `create` gives a new one each time: a plug-in's callable default export fits. */
export function metalearnerLaws<S extends Json>(
  create: () => MetaLearner<S>,
  runner: Runner,
  options: MetalearnerLawOptions = {},
): void {
  declare(create().name, lawsOf(create, options), runner);
}

function lawsOf<S extends Json>(create: () => MetaLearner<S>, options: MetalearnerLawOptions): readonly Law[] {
  const problem = claimedBy(create(), options.problem ?? madeUpProblem);
  const { measures = {}, kept = {} } = options;
  const [first] = problem.techniques;
  const run = (surface: Surface, more: Partial<SimulateOptions> = {}): Simulation<S> =>
    play(create(), surface, { problem, measures, kept, ...more });
  const worlds = (): readonly Simulation<S>[] => [
    run(noise),
    run(noise, { workers: 3 }),
    run(noise, { problem: { ...problem, seed: 11 } }),
    run(noise, { fails: (_, n) => n % 3 === 1 }),
  ];
  const without = (what: readonly Breach["what"][], simulations: readonly Simulation<S>[]): void => {
    for (const { breaches } of simulations) {
      const found = breaches.find((breach) => what.includes(breach.what));
      assert.ok(!found, found?.message);
    }
  };
  const helped =
    (names: readonly string[], gain: number): Surface =>
    (policy, images, seed) => {
      const on = active(policy, problem);
      return noisy(curve(images) * (names.some((name) => on.includes(name)) ? 1 - gain : 1), images, seed, policy);
    };

  const laws: Law[] = [
    {
      name: "is pure: a state stays as it is, and gives the same answer twice",
      check: () => purity(create(), run(noise)),
    },
    {
      name: "keeps its state in JSON",
      check: () => worlds().forEach(({ states }) => states.forEach((state, at) => assertJson(state, `state ${at}`))),
    },
    {
      name: "goes on from every boundary, in a new process too",
      check: () => worlds().forEach((simulation) => replay(create, simulation)),
    },
    { name: "never asks for more than its budget", check: () => without(["budget"], [...worlds(), ...poor()]) },
    {
      name: "waits only for something, and is done with nothing outstanding",
      check: () => without(["outstanding", "endless", "id"], [...worlds(), ...poor()]),
    },
    {
      name: "goes on only from checkpoints that exist, and along its schedule",
      check: () => without(["checkpoint", "schedule", "unknown-measure"], worlds()),
    },
    {
      name: "asks for valid policies: the base kept, what is fixed respected, nothing in conflict",
      check: () =>
        worlds().forEach(({ requests, best }) => {
          for (const request of requests) if ("policy" in request) assertPolicy(request.policy, problem);
          assertPolicy(best, problem);
        }),
    },
    {
      name: "survives trials that fail or are refused",
      check: () => {
        const lost = run(noise, { fails: () => true });
        const dear = run(noise, { cost: (policy) => 1 + 2 * active(policy, problem).length });
        without(["outstanding", "endless"], [lost, dear]);
        assert.deepEqual(active(lost.best, problem), [], "every trial failed, and its best is not the base");
        assertPolicy(dear.best, problem);
      },
    },
    {
      name: "has a best at every moment: the base before anything is told",
      check: () => {
        const { states } = run(noise);
        for (const state of states) assertPolicy(create().best(copy(state)), problem);
        assert.deepEqual(
          active(create().best(states[0]!), problem),
          [],
          "before anything is told, its best is not the base",
        );
      },
    },
  ];
  if (!first) return laws;
  return [
    ...laws,
    {
      name: "takes nothing unusual where nothing helps",
      check: () => {
        const techniques = problem.techniques.map((technique) => ({ ...technique, prior: UNUSUAL }));
        const unusual = { ...problem, techniques };
        assert.deepEqual(active(run(flat, { problem: unusual }).best, unusual), [], "all trials came out equal");
        const kept = SEEDS.filter(
          (seed) => !active(run(noise, { problem: { ...unusual, seed } }).best, unusual).length,
        );
        assert.ok(
          kept.length >= 15,
          `all was noise, and the base was kept with ${kept.length} of ${SEEDS.length} seeds; expected 15`,
        );
      },
    },
    {
      name: "chooses nothing by chance",
      check: () => {
        const names = ({ best }: Simulation<S>): string => [...active(best, problem)].sort().join(", ");
        const usual = names(run(flat));
        const same = SEEDS.filter((seed) => names(run(noise, { problem: { ...problem, seed } })) === usual);
        assert.ok(
          same.length >= 15,
          `all was noise, and with ${same.length} of ${SEEDS.length} seeds it took what it takes without noise, ${usual || "nothing"}; expected 15`,
        );
      },
    },
    {
      name: "leaves out what hurts much",
      check: () => {
        const half = problem.techniques.filter((_, at) => at % 2 === 0).map((technique) => technique.name);
        const without = SEEDS.filter((seed) => {
          const { best } = run(helped(half, -0.25), { problem: { ...problem, seed } });
          return !active(best, problem).some((name) => half.includes(name));
        });
        assert.ok(
          without.length >= 15,
          `what adds a quarter to the loss was left out with ${without.length} of ${SEEDS.length} seeds; expected 15`,
        );
      },
    },
    {
      name: "takes what helps much",
      check: () => {
        const half = problem.techniques.filter((_, at) => at % 2 === 0).map((technique) => technique.name);
        const surface = helped(half, 0.25);
        const found = SEEDS.filter((seed) => {
          const { best } = run(surface, { problem: { ...problem, seed } });
          return active(best, problem).some((name) => half.includes(name));
        });
        assert.ok(
          found.length >= 15,
          `a quarter off the loss was taken with ${found.length} of ${SEEDS.length} seeds; expected 15`,
        );
      },
    },
  ];

  /** Budgets that pay for little or nothing. */
  function poor(): readonly Simulation<S>[] {
    return [0, 0.05, 0.3, 3].map((share) => {
      const budget = { trained: share * problem.plain.trained, inferred: 0, seconds: 0 };
      return run(noise, { problem: { ...problem, budget } });
    });
  }
}

function purity<S extends Json>(learner: MetaLearner<S>, { states, moves }: Simulation<S>): void {
  for (const [at, move] of moves.entries()) {
    const state = freeze(copy(states[at]!));
    const twice = [0, 1].map(() => (move === "ask" ? learner.ask(state) : learner.tell(state, freeze(copy(move)))));
    sameJson(twice[0], twice[1], `${move === "ask" ? "ask" : "tell"} gave two answers to one state, at move ${at}`);
  }
}

function replay<S extends Json>(create: () => MetaLearner<S>, { states, moves, requests }: Simulation<S>): void {
  let asked = 0;
  for (const [at, move] of moves.entries()) {
    const learner = create();
    const state = copy(states[at]!);
    if (move === "ask") {
      const [request, next] = learner.ask(state);
      sameJson(request, requests[asked++], `after JSON and back, move ${at} asks for something else`);
      sameJson(next, states[at + 1], `after JSON and back, move ${at} ends in another state`);
    } else sameJson(learner.tell(state, move), states[at + 1], `after JSON and back, move ${at} ends in another state`);
  }
}

function assertPolicy(policy: Fragment, problem: Problem): void {
  const names = policy.steps.map((step) => step.use);
  assert.equal(new Set(names).size, names.length, `a technique is named twice: ${names.join(", ")}`);
  for (const step of problem.base.steps) {
    const kept = policy.steps.find((other) => other.use === step.use);
    assert.deepEqual(kept, step, `the base's ${step.use} is ${kept ? "changed" : "missing"}`);
  }
  const on = active(policy, problem);
  for (const { use, with: params } of policy.steps) {
    const technique = problem.techniques.find((t) => t.name === use);
    assert.ok(technique || problem.base.steps.some((step) => step.use === use), `${use} is not in the problem`);
    if (!technique) continue;
    const complete = completeParams(technique, params);
    if (!on.includes(use)) continue;
    for (const [key, value] of Object.entries(problem.fixed?.[use] ?? {}))
      assert.equal(complete[key], value, `${use}: ${key} is fixed at ${value}`);
    const rival = technique.order.conflicts?.find((name) => on.includes(name));
    assert.ok(!rival, `${use} stands beside ${rival}, with which it conflicts`);
  }
  for (const [setting, value] of Object.entries(policy.train ?? {})) {
    const axis = problem.train[setting];
    if (axis) checkValue(setting, axis, value);
    else assert.equal(problem.base.train?.[setting], value, `the training setting ${setting} is not open`);
  }
}
