// The batch and rate that the optimization metalearner finds, beside a 5×5 grid of them: how many more images it needs for the
// validation loss that the grid's best cell ends at. On built packages:
//
//   node benchmarks/grid.mjs --data fashion [--data cifar10=FOLDER --data neu=FOLDER] [--images 2000] [--epochs 10] [--seeds 1]
//     [--model NAME] [--backend node] [--rows FILE.jsonl] [--write]
//
// The grid: batches 16 to 256, rates from an eighth to twice what is usual at that batch; every cell is a whole plain training. What was
// found is trained for a quarter to 1.5 times as many images. A training is one line of --rows, which is appended to; what it holds is not
// trained again. --write makes docs/optimization.md of all rows. The default size takes about 20 minutes on two cores for CIFAR-10; the full
// one: --images 5000 --epochs 30 --seeds 3.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen, imagesSeen } from "regimen";
import { SETS, named, openSet } from "./search/sets.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "10" },
    seeds: { type: "string", default: "1" },
    model: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/grid.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [images, epochs, seeds] = ["images", "epochs", "seeds"].map((key) => Number(asked[key]));
const BATCHES = [16, 32, 64, 128, 256];
const TIMES_USUAL = [1 / 8, 1 / 4, 1 / 2, 1, 2];
/** Lengths of what is found. Plain trainings overfit, so that fewer images may do better. */
const LENGTHS = [0.25, 0.5, 0.75, 1, 1.1, 1.25, 1.5];

const readRows = () => rowsIn(asked.rows);
const has = (row) => readRows().some((other) => Object.keys(row).every((key) => row[key] === other[key]));

async function measure(regimen, set) {
  const opened = await openSet(regimen, set, { images, test: 10 });
  const architecture = asked.model ?? set.model;
  const { test: _, ...data } = opened.data;
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const of = { data: set.name, model: architecture, images: opened.size.images, epochs, seed };
      const job = { model: { architecture }, data, seed };
      const keep = async (row, training) => {
        if (has({ ...of, ...row })) return;
        const told = {};
        try {
          const result = await regimen.fit({ ...job, training, policy: "none" });
          result.model.dispose();
          told.loss = result.validation.loss;
        } catch (error) {
          told.failed = error.message;
        }
        const { batchSize, learningRate } = training;
        addRow(asked.rows, { ...of, ...row, batchSize, learningRate, ...told });
        console.log(`${set.name}, ${JSON.stringify(row)}: ${told.failed ?? `loss ${told.loss.toFixed(3)}`}`);
      };
      const search = { metalearner: "optimization", search: { budget: 0.2 } };
      const { policy, cost } = await regimen.search({ ...job, training: { epochs }, ...search });
      const { batchSize, learningRate, optimizer } = policy.train;
      // What is usual, from a search that may decide nothing.
      const usual = (
        await regimen.search({ ...job, training: { epochs }, metalearner: "fixed", search: { budget: 0 } })
      ).policy.train;
      const spent = imagesSeen(cost) / (epochs * opened.size.images);
      for (const times of LENGTHS)
        await keep({ arm: "found", times, spent }, { epochs: epochs * times, batchSize, learningRate });
      for (const size of BATCHES)
        for (const times of TIMES_USUAL) {
          const scaled = optimizer.startsWith("sgd") ? size / usual.batchSize : Math.sqrt(size / usual.batchSize);
          const rate = Number((usual.learningRate * scaled * times).toPrecision(3));
          await keep({ arm: "grid", size, times }, { epochs, batchSize: size, learningRate: rate });
        }
    }
  } finally {
    opened.dispose();
  }
}

/** One line a data set, size and seed. */
function tableOf(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = [row.data, row.model, row.images, row.epochs, row.seed].join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups.values()].flatMap((group) => {
    const cells = group.filter(({ arm, loss }) => arm === "grid" && loss !== undefined);
    const found = group
      .filter(({ arm, loss }) => arm === "found" && loss !== undefined)
      .sort((a, b) => a.times - b.times);
    if (!cells.length || !found.length) return [];
    const best = cells.reduce((a, b) => (b.loss < a.loss ? b : a));
    const enough = found.find(({ loss }) => loss <= best.loss);
    const one = group[0];
    const whole = found.find(({ times }) => times === 1);
    if (!whole) return [];
    return [
      [
        SETS[one.data].title,
        one.model,
        `${one.images} × ${one.epochs}`,
        one.seed,
        `${best.batchSize}, ${best.learningRate}: ${best.loss.toFixed(3)}`,
        `${whole.batchSize}, ${whole.learningRate}: ${whole.loss.toFixed(3)}`,
        enough ? enough.times : `more than ${found.at(-1).times}`,
        cells.filter(({ loss }) => loss < whole.loss).length + 1,
        whole.spent.toFixed(2),
      ].join(" | "),
    ];
  });
  const head = [
    "data",
    "model",
    "images × epochs",
    "seed",
    "best of 25: batch, rate: loss",
    "found: batch, rate: loss",
  ];
  const more = ["times the images for the best's loss", "rank among 26", "cost, plain runs"];
  const heads = [...head, ...more];
  return [heads.join(" | "), heads.map(() => "---").join(" | "), ...lines].map((line) => `| ${line} |`).join("\n");
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
    `# Batch and rate: what is found, beside a grid\n\nMade by \`node benchmarks/grid.mjs --write\` from its rows. Validation loss of plain trainings; all 25 cells see the same images, what is found a quarter to 1.5 times as many, and the smallest number that ends at the best cell's loss or below counts (plain trainings overfit: more images may be worse). A target of 1.25 was set, and 1.1 aimed at.\n\n${table}\n`,
  );
