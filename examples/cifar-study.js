// A study as a report on CIFAR-10 made it: tables of values for a classic network and a ResNet, tried by ASHA; then ten more
// trials with a schedule. Small unless told:
//
//   node examples/cifar-study.js                         pictures of clothes, a minute or two
//   node examples/cifar-study.js --full --data FOLDER    CIFAR-10's binary files; 30 trials of up to 30 epochs, ten of 50
//
// Each search writes its run to --out (./runs/cifar-study), with a report that shows every trial's curve.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createRegimen } from "regimen";
import { renderReport } from "@regimen/report";
import * as tfl from "@tensorflow/tfjs-layers";
import { clothes, percent } from "./shared.js";

const { values: asked } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    data: { type: "string" },
    out: { type: "string", default: "runs/cifar-study" },
  },
});
if (asked.full && !asked.data) throw new Error("--full needs the folder of CIFAR-10's binary files: --data FOLDER");
const SIZE = asked.full
  ? { epochs: 30, longer: 50, more: 10, budget: 10, seeds: [7, 42, 77], residual: { architecture: "resnet18" } }
  : { epochs: 2, longer: 3, more: 3, budget: 3, seeds: [7], residual: { architecture: "small-cnn" } };

// What the study varies: everything else stays as it is, or off.
const TABLES = {
  "@regimen/technique-weight-decay": { lambda: { range: [0.001, 0.01] } },
  "@regimen/technique-dropout": {
    rate: { kind: "choice", of: [0.1, 0.3, 0.5], default: 0.3 },
    where: { kind: "choice", of: ["head"], default: "head" },
  },
  "@regimen/technique-augment/mirror": {},
  "@regimen/technique-augment/translate": {},
};
const SETTINGS = {
  learningRate: { kind: "value", range: [1e-4, 1e-2], scale: "log", default: 1e-3 },
  optimizer: { kind: "choice", of: ["adam", "sgd"], default: "adam" },
};
/** A metalearner that sees nothing but the tables, and trains each trial from the beginning. */
const withTables = (learner) => ({
  ...learner,
  init({ techniques, facts, ...problem }) {
    const { trunk: _, trunkImages: __, ...others } = facts;
    const narrowed = techniques
      .filter(({ name }) => TABLES[name])
      .map(({ name, space, ...technique }) => {
        const axes = Object.entries(space).map(([key, axis]) => [key, { ...axis, ...TABLES[name][key] }]);
        return { ...technique, name, prior: 0.5, space: Object.fromEntries(axes) };
      });
    return learner.init({ ...problem, techniques: narrowed, train: SETTINGS, fixed: {}, facts: others });
  },
});

/** Two convolutions, two dense layers; Xavier's initialisation, with batch normalisation or without. */
function classic({ format: { h, w, c }, classes }, normalized) {
  const model = tfl.sequential();
  const kernelInitializer = "glorotUniform";
  const activate = () => {
    if (normalized) model.add(tfl.layers.batchNormalization());
    model.add(tfl.layers.activation({ activation: "relu" }));
  };
  for (const [at, filters] of [32, 64].entries()) {
    const shape = at === 0 ? { inputShape: [h, w, c] } : {};
    model.add(tfl.layers.conv2d({ filters, kernelSize: 5, padding: "same", kernelInitializer, ...shape }));
    activate();
    model.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  }
  model.add(tfl.layers.flatten());
  for (const units of [384, 192]) {
    model.add(tfl.layers.dense({ units, kernelInitializer }));
    activate();
  }
  model.add(tfl.layers.dense({ units: classes.length, activation: "softmax", kernelInitializer }));
  return { model, weights: "fresh", name: normalized ? "classic CNN, batch norm" : "classic CNN" };
}

const regimen = await createRegimen();
const learner = (name, options) =>
  withTables(regimen.registered.metalearners.find((one) => one.name === name).create(options));
const cifar = (split, classes) =>
  regimen.open({ format: "cifar10-binary", path: asked.data, split }, classes ? { classes } : {});
const data = asked.full ? await opened() : await clothes(regimen, 400);
async function opened() {
  const train = await cifar("train");
  return { train, validation: { fraction: 0.1 }, test: await cifar("test", train.classes) };
}

/** One search with its final training; prints what came out, class by class. */
async function study(name, { model, metalearner, training, budget, seed }) {
  const out = join(asked.out, `${name}-${seed}`.replaceAll(/[^\w-]+/g, "-"));
  const settings = { batchSize: 64, optimizer: "adam", learningRate: 1e-3, ...training };
  const result = await regimen.train({
    model,
    data,
    metalearner,
    training: settings,
    search: { budget },
    baseline: false,
    seed,
    out,
  });
  result.model.dispose();
  const { report, policy } = result;
  writeFileSync(join(out, "report.html"), renderReport(report));
  const steps = policy.steps.filter((step) => !step.refused).map(({ use }) => use.split(/[/]technique-/).at(-1));
  const { optimizer, learningRate } = policy.train;
  console.log(
    `\n${name}, seed ${seed}: test error ${percent(report.error.regimen)} after ${report.search.trials.length} trials`,
  );
  console.log(`  ${optimizer}, rate ${learningRate.toPrecision(2)}; ${steps.join(", ") || "no technique"}`);
  console.log(
    `  ${report.classes.map(({ name: label, regimen: { recall } }) => `${label} ${recall === null ? "–" : percent(recall)}`).join(", ")}`,
  );
  return result;
}

const networks = [
  ["classic", classic({ format: data.train.format, classes: data.train.classes }, false)],
  ["classic with batch norm", classic({ format: data.train.format, classes: data.train.classes }, true)],
  ["residual", SIZE.residual],
];
for (const [name, model] of networks)
  for (const seed of SIZE.seeds) {
    const training = { epochs: SIZE.epochs };
    await study(name, { model, metalearner: learner("halving"), training, budget: SIZE.budget, seed });
  }
// A little more than the trials need: each is a whole training.
const budget = SIZE.more * 1.1;
const training = { epochs: SIZE.longer, schedule: "cosine" };
const [seed] = SIZE.seeds;
await study("with a schedule", {
  model: SIZE.residual,
  metalearner: learner("random", { trials: SIZE.more }),
  training,
  budget,
  seed,
});
await regimen.dispose();
