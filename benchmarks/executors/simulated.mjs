// Searches in a made-up world, and when their trials would have run.
import { addCost, createRegimen, createRng, imagesSeen, parallel, sequence } from "regimen";
import { madeUpProblem, simulate, timeline } from "@regimen/testkit";

const WORKERS = [1, 4, 16, 64, 256, 1000];
/** Milliseconds an image of a plain training: a ResNet-20 on a small GPU. Ratios do not depend on it. */
const IMAGE = 0.5;
/** Of a trial beside its images: to hand it out, build the model and record the step. */
const BEGIN = 5;

/** `paces`: of measured trials, by run. */
export async function simulated(runs) {
  const paces = runs.flatMap((run) => run.paces);
  const { registered } = await createRegimen({ backend: "cpu" });
  const make = (name, options) => registered.metalearners.find((one) => one.name === name).create(options);
  const searches = [
    ["random, 1,000 trials", 100, () => make("random", { trials: 1000 })],
    ["ASHA (`halving`)", 100, () => make("halving")],
    ["two passes (`regularization`)", 10, () => make("regularization")],
    ["`sequence` of optimization and regularization", 10, () => sequence(make("optimization"), make("regularization"))],
    ["`parallel` of the same", 10, () => parallel(make("optimization"), make("regularization"))],
  ];
  const columns = [
    "workers",
    "trials",
    "images, in plain runs",
    "minutes",
    "faster",
    "at work, of all",
    "at once",
    "minutes, twice outstanding",
  ];
  for (const [name, budget, learner] of searches) {
    console.log(`\n${name}; budget ${budget} plain runs\n`);
    console.log(`| ${columns.join(" | ")} |\n| ${columns.map(() => "---").join(" | ")} |`);
    let alone;
    for (const workers of WORKERS) {
      const strict = run(learner(), budget, workers, workers, paces);
      const wide = run(learner(), budget, workers, 2 * workers, paces);
      alone ??= strict.line.seconds;
      const { seconds, utilisation, most } = strict.line;
      const cells = [
        workers,
        strict.trials,
        strict.plain.toFixed(1),
        minutes(seconds),
        `${(alone / seconds).toFixed(1)} ×`,
        `${(100 * utilisation).toFixed(0)} %`,
        most,
        minutes(wide.line.seconds),
      ];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}

const minutes = (seconds) => (seconds / 60).toPrecision(3);

/** As many techniques as come with Regimen: the made-up ones four times over. */
const techniques = Array.from({ length: 4 }, (_, at) =>
  madeUpProblem.techniques.map((one) => {
    const named = (name) => (at ? `${name}-${at}` : name);
    const { conflicts, oneOf, ...order } = one.order;
    return {
      ...one,
      name: named(one.name),
      order: { ...order, ...(conflicts && { conflicts: conflicts.map(named) }), ...(oneOf && { oneOf: named(oneOf) }) },
    };
  }),
).flat();

/** One search with so many requests outstanding, on so many workers. */
function run(learner, budget, workers, outstanding, paces) {
  const { plain } = madeUpProblem;
  const problem = {
    ...madeUpProblem,
    techniques,
    budget: { trained: budget * plain.trained, inferred: 0, seconds: 0 },
  };
  const measures = {
    "@regimen/metalearner-optimization/range": () => ({ rates: [0.1], losses: [2.3] }),
    "@regimen/metalearner-regularization/probe": () => ({ probed: [] }),
  };
  const simulation = simulate(learner, surface, { problem, workers: outstanding, measures, limit: 50_000 });
  const cost = new Map(simulation.answers.map((answer) => [answer.id, imagesSeen(answer.cost)]));
  // The same trial has the same pace however many workers there are.
  const pace = (id) => paces[createRng(`pace ${id}`).int(paces.length)];
  const seconds = (request) => BEGIN + (cost.get(request.id) * IMAGE * pace(request.id)) / 1000;
  const spent = simulation.answers.reduce((sum, answer) => addCost(sum, answer.cost), {
    trained: 0,
    inferred: 0,
    seconds: 0,
  });
  return {
    line: timeline(simulation, { workers, seconds }),
    trials: simulation.answers.length,
    plain: imagesSeen(spent) / imagesSeen(plain),
  };
}

/** Losses fall with the images as a power law; each technique that is on helps a little, by chance. */
function surface(policy, images, seed) {
  const helps = policy.steps.length ? 0.97 : 1;
  return (
    (0.6 + 20 / Math.sqrt(images + 100)) *
    helps *
    (1 + 0.02 * createRng(`${seed} ${images} ${JSON.stringify(policy)}`).normal())
  );
}
