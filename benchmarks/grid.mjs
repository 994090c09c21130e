// The batch and rate that the optimization metalearner finds, beside a 5×5 grid of them: how many more images it needs for the
// validation loss that the grid's best cell ends at. On built packages:
//
//   node benchmarks/grid.mjs --data fashion [--data cifar10=FOLDER --data neu=FOLDER] [--images 2000] [--epochs 10] [--seeds 1]
//     [--validation 2000] [--model NAME] [--backend node] [--rows FILE.jsonl] [--write]
//
// The grid: batches 16 to 256, rates from an eighth to twice what is usual at that batch; every cell is a whole plain training, judged by
// --validation images that are not trained on. The best of 25 is luck too: that cell is trained again from other weights, twice, and what
// was found, from the same weights, for a quarter to 1.25 times as many images. A training is one line of --rows, which is appended to; what it
// holds is not trained again. --write makes docs/optimization.md of all rows. The default size takes about an hour on one core for CIFAR-10;
// the full one: --images 5000 --epochs 30 --seeds 3.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen, imagesSeen } from "regimen";
import { SETS, named, openSet } from "./search/sets.mjs";
import { bySize, markdown } from "./sides/arms.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";
import { mean, told } from "./sides/statistics.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "10" },
    seeds: { type: "string", default: "1" },
    validation: { type: "string", default: "2000" },
    model: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/grid.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [images, epochs, seeds, judging] = ["images", "epochs", "seeds", "validation"].map((key) => Number(asked[key]));
const BATCHES = [16, 32, 64, 128, 256];
const TIMES_USUAL = [1 / 8, 1 / 4, 1 / 2, 1, 2];
/** Lengths of what is found. Plain trainings overfit, so that fewer images may do better. */
const LENGTHS = [0.25, 0.5, 0.75, 1, 1.25];
/** Trainings of what is compared, each from other weights. */
const AGAIN = 2;
/** Of the judges, looked at after every epoch: nothing depends on them. */
const LOOKED_AT = 32;

const readRows = () => rowsIn(asked.rows);
const has = (row) => readRows().some((other) => Object.keys(row).every((key) => row[key] === other[key]));

const isCell = ({ arm, loss }) => arm === "grid" && loss !== undefined;
const bestOf = (rows) => rows.filter(isCell).reduce((a, b) => (b.loss < a.loss ? b : a));

async function measure(regimen, set) {
  const opened = await openSet(regimen, set, { images, test: judging });
  const architecture = asked.model ?? set.model;
  const { test: judges, ...data } = opened.data;
  const every = Math.ceil(judges.length / LOOKED_AT);
  const few = judges.subset(Array.from({ length: judges.length }, (_, row) => row).filter((row) => row % every === 0));
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const sizes = { images: opened.size.images, epochs, validation: judges.length };
      const of = { data: set.name, model: architecture, ...sizes, seed };
      const job = { model: { architecture }, seed };
      const own = () => readRows().filter((row) => Object.keys(of).every((key) => row[key] === of[key]));
      const keep = async (row, training, { weights = seed, spent } = {}) => {
        if (has({ ...of, ...row })) return;
        const said = { ...(spent !== undefined && { spent }) };
        try {
          const whole = { ...data, validation: few, test: judges };
          const result = await regimen.fit({ ...job, data: whole, training, policy: "none", seed: weights });
          result.model.dispose();
          said.loss = result.test.loss;
        } catch (error) {
          said.failed = error.message;
        }
        const { batchSize, learningRate } = training;
        addRow(asked.rows, { ...of, ...row, batchSize, learningRate, ...said });
        console.log(`${set.name}, ${JSON.stringify(row)}: ${said.failed ?? `loss ${said.loss.toFixed(3)}`}`);
      };
      const find = (metalearner, budget) =>
        regimen.search({ ...job, data, training: { epochs }, metalearner, search: { budget } });
      const findings = async () => {
        const { policy, cost } = await find("optimization", 0.2);
        const spent = Number((imagesSeen(cost) / (epochs * opened.size.images)).toPrecision(3));
        return { batchSize: policy.train.batchSize, learningRate: policy.train.learningRate, spent };
      };
      // What is usual, from a search that may decide nothing.
      const usual = (await find("fixed", 0)).policy.train;
      for (const size of BATCHES)
        for (const times of TIMES_USUAL) {
          const scaled = usual.optimizer.startsWith("sgd") ? size / usual.batchSize : Math.sqrt(size / usual.batchSize);
          const rate = Number((usual.learningRate * scaled * times).toPrecision(3));
          await keep({ arm: "grid", size, times }, { epochs, batchSize: size, learningRate: rate });
        }
      const best = bestOf(own());
      // The batch is chosen by measured speed too, so a script that goes on must not choose again.
      const { batchSize, learningRate, spent } = own().find(({ arm }) => arm === "found") ?? (await findings());
      for (let again = 1; again <= AGAIN; again++) {
        const other = 100 * again + seed;
        const cell = { epochs, batchSize: best.batchSize, learningRate: best.learningRate };
        await keep({ arm: "best", again }, cell, { weights: other });
        for (const times of LENGTHS) {
          const training = { epochs: epochs * times, batchSize, learningRate };
          await keep({ arm: "found", times, again }, training, { weights: other, spent });
        }
      }
    }
  } finally {
    opened.dispose();
  }
}

/** One line a data set, size and seed. */
function tableOf(rows) {
  const lines = bySize(rows, ["data", "model", "images", "epochs", "validation", "seed"]).flatMap((group) => {
    const lossesOf = (arm, times) =>
      group.filter((row) => row.arm === arm && row.times === times && row.loss !== undefined).map(({ loss }) => loss);
    const target = lossesOf("best");
    const found = LENGTHS.map((times) => ({ times, losses: lossesOf("found", times) }));
    if ([{ losses: target }, ...found].some(({ losses }) => losses.length < AGAIN)) return [];
    const best = bestOf(group);
    const enough = found.find(({ losses }) => mean(losses) <= mean(target));
    const whole = group.find(({ arm, times }) => arm === "found" && times === 1);
    const full = lossesOf("found", 1);
    return [
      [
        SETS[whole.data].title,
        whole.model,
        `${whole.images} × ${whole.epochs}`,
        whole.seed,
        `${best.batchSize}, ${best.learningRate}: ${told(target, 3)}`,
        `${whole.batchSize}, ${whole.learningRate}: ${told(full, 3)}`,
        ...found.filter(({ times }) => times < 1).map(({ losses }) => told(losses, 3)),
        enough ? enough.times : `more than ${LENGTHS.at(-1)}`,
        group.filter((row) => isCell(row) && row.loss < mean(full)).length + 1,
        whole.spent.toFixed(2),
      ],
    ];
  });
  const heads = [
    "data",
    "model",
    "images × epochs",
    "seed",
    "best of 25, trained again",
    "found, as many images",
    ...LENGTHS.filter((times) => times < 1).map((times) => `${times} of them`),
    "times the images for the best's loss",
    "rank among 26",
    "cost, plain runs",
  ];
  return markdown(heads, lines);
}

if (asked.data.length) {
  const regimen = await createRegimen({ backend: asked.backend });
  for (const set of asked.data.map(named)) await measure(regimen, set);
  await regimen.dispose();
}
const table = tableOf(readRows());
console.log(table);
if (asked.write)
  writeFileSync(
    here("../docs/optimization.md"),
    await prettier.format(
      `# Batch and rate: what is found, beside a grid\n\nMade by \`node benchmarks/grid.mjs --write\` from its rows. Loss of plain trainings on images that are not trained on; all 25 cells see the same images. The smallest of 25 losses is luck too, so the best cell is trained again from other weights, and what is found from the same ones, each ${AGAIN} times (batch, rate: mean ± standard deviation). The smallest number of images at which what is found ends at the best cell's loss or below counts: plain trainings overfit, and more may be worse. A target of 1.25 was set, and 1.1 aimed at.\n\n${table}\n`,
      { parser: "markdown", printWidth: 120 },
    ),
  );
