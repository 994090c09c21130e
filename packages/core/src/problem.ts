import {
  RegimenError,
  completeParams,
  fragmentOf,
  nearest,
  scaleCost,
  type Axis,
  type MetaLearner,
  type Problem,
  type Regimen,
  type SearchOptions,
} from "@regimen/contracts";
import type { Opened } from "./context.ts";
import { LATE_NAME, TRUNK_NAME, usable } from "./search.ts";

export function learnerOf(options: SearchOptions, { metalearners }: Regimen["registered"]): MetaLearner {
  const { metalearner = "default" } = options;
  if (typeof metalearner !== "string") return metalearner;
  // Where nobody calls himself the default, it is the first registered: whoever lists the plug-ins has chosen it.
  const first = metalearner === "default" ? metalearners[0] : undefined;
  const found = metalearners.find(({ name }) => name === metalearner) ?? first;
  if (found) return found.create();
  const known = metalearners.map(({ name }) => name);
  const near = nearest(metalearner, known);
  throw new RegimenError(
    "REG_METALEARNER_UNKNOWN",
    `there is no metalearner "${metalearner}"; ${near ? `the nearest is "${near}"` : known.length ? `there are ${known.join(", ")}` : "none is installed: npm i @regimen/metalearner-halving"}`,
  );
}

/** `compared`: there will be a baseline, whose later checkpoint a learner may look at. */
export function problemOf(opened: Opened, options: SearchOptions, budget: number, compared: boolean): Problem {
  const { session, seed, plain, trunk } = opened;
  const space = options.search?.space ?? {};
  const known = session.registered.techniques.map(({ name }) => name);
  for (const use of Object.keys(space)) {
    const technique = session.registered.techniques.find(({ name }) => name === use);
    if (!technique) {
      const near = nearest(use, known);
      throw new RegimenError(
        "REG_PLUGIN_MISSING",
        `search.space names "${use}", which is not installed; ${near ? `the nearest is "${near}"` : `run: npm i ${use}`}`,
      );
    }
    if (space[use]) completeParams(technique, space[use]);
  }
  const fixed = Object.fromEntries(Object.entries(space).filter(([, params]) => params !== false)) as NonNullable<
    Problem["fixed"]
  >;
  const never = Object.keys(space)
    .filter((use) => space[use] === false)
    .map((use) => ({ use, because: "search.space turns it off", evidence: null }));
  const { learningRate = "auto", batchSize = "auto" } = options.training ?? {};
  const { learningRate: rate, batchSize: batch, optimizer } = session.settings;
  const rates: Axis = { kind: "value", range: [rate / 8, rate * 8], scale: "log", default: rate };
  const largest = Math.max(batch, 2 ** Math.floor(Math.log2(Math.min(512, session.data.train.length / 16))));
  const batches: Axis = { kind: "value", range: [Math.min(16, batch), largest], scale: "powers", default: batch };
  const cost = { trained: plain, inferred: session.data.validation.length, seconds: 0 };
  const open = usable(session).filter(({ name }) => space[name] !== false);
  const warm = options.search?.warm?.map((policy) => {
    const { steps } = fragmentOf(policy, session.registered.techniques);
    return { steps: steps.filter(({ use }) => open.some(({ name }) => name === use)) };
  });
  return {
    ...(warm && { warm }),
    techniques: open.map(({ name, version, group, paper, space: axes, tasks, prior, order }) => ({
      name,
      version,
      group,
      paper,
      space: axes,
      ...(tasks && { tasks }),
      ...(prior !== undefined && { prior }),
      order,
    })),
    train: {
      ...(learningRate === "auto" && { learningRate: rates }),
      ...(batchSize === "auto" && { batchSize: batches }),
    },
    base: { steps: [], ...(never.length && { refused: never }) },
    fixed,
    facts: {
      batchSize: batch,
      learningRate: rate,
      optimizer,
      features: [...session.facts],
      images: session.data.train.length,
      classes: session.data.train.classes.length,
      validation: session.data.validation.length,
      // Settings of a training that goes on from the trunk.
      start: { plainEpochs: trunk.epochs, plainHorizon: session.settings.epochs },
      ...(compared && { late: LATE_NAME }),
      trunk: TRUNK_NAME,
      trunkImages: Math.round(trunk.images / batch) * batch,
    },
    plain: cost,
    budget: scaleCost({ ...cost, inferred: 0 }, budget),
    seed,
  };
}
