// Whether the search refuses what the data forbid: sets in which the mirror image of one class is another, or a tilted picture
// another class than an upright one, made of real pictures; and CIFAR-10, where the mirror must stay. For each set and seed, one
// search of the regularization metalearner. On built packages:
//
//   node benchmarks/safety.mjs --data shoes --data tilted [--data halves --data cifar10 --cifar FOLDER]
//     [--images 2000] [--epochs 25] [--seeds 10] [--model NAME] [--backend node] [--rows FILE.jsonl] [--write]
//
// Each search is one line of --rows, which is appended to; what it holds is not searched again. --write makes docs/safety.md of all
// rows.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen, imagesSeen } from "regimen";
import { outcomeOf } from "./safety/outcome.mjs";
import { SETS } from "./safety/sets.mjs";
import { tableOf, writePage } from "./safety/tables.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    cifar: { type: "string" },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "25" },
    seeds: { type: "string", default: "10" },
    model: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/safety.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [images, epochs, seeds] = ["images", "epochs", "seeds"].map((key) => Number(asked[key]));

const readRows = () => rowsIn(asked.rows);

async function searchOnce(regimen, name, architecture, seed) {
  const train = await SETS[name].make({ regimen, cifar: asked.cifar, images, seed });
  try {
    const { policy, cost, trials } = await regimen.search({
      model: { architecture },
      data: { name, train, validation: { fraction: 0.1 } },
      training: { epochs },
      metalearner: "regularization",
      seed,
    });
    return {
      mirror: outcomeOf(policy, "mirror"),
      rotate: outcomeOf(policy, "rotate"),
      steps: policy.steps.filter((step) => !step.refused),
      refused: policy.steps.flatMap(({ use, refused }) => (refused ? [{ use, ...refused }] : [])),
      pictures: train.length,
      searchImages: imagesSeen(cost),
      trials: trials.length,
    };
  } finally {
    train.dispose();
  }
}

for (const name of asked.data) {
  if (!SETS[name]) throw new Error(`there is no set "${name}"; there are ${Object.keys(SETS).join(", ")}`);
  if (SETS[name].cifar && !asked.cifar) throw new Error(`where is CIFAR-10? --cifar FOLDER`);
}
if (asked.data.length) {
  const regimen = await createRegimen({ backend: asked.backend });
  for (const name of asked.data)
    for (let seed = 1; seed <= seeds; seed++) {
      const size = { set: name, model: asked.model ?? SETS[name].model, images, epochs };
      const known = (row) => Object.keys(size).every((key) => row[key] === size[key]) && row.seed === seed;
      if (readRows().some(known)) continue;
      const row = { ...size, seed, backend: regimen.backend.name };
      const started = performance.now();
      try {
        Object.assign(row, await searchOnce(regimen, name, size.model, seed));
      } catch (error) {
        row.failed = error.message;
      }
      row.seconds = (performance.now() - started) / 1000;
      addRow(asked.rows, row);
      const told = row.failed ?? `mirror ${row.mirror.state}, rotation ${row.rotate.state}`;
      console.log(`${name}, seed ${seed}: ${told}, ${row.seconds.toFixed(0)} s`);
    }
  await regimen.dispose();
}
console.log(tableOf(readRows()));
if (asked.write) await writePage(here(".."), readRows(), SETS);
