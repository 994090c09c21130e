// Regimen's search beside other searches and beside policies by hand, all at the same total cost in images (search and final
// training; two plain runs unless told), with the same seeds. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/search.mjs --data fashion --data cifar10=FOLDER --data neu=FOLDER
//     [--images 2000] [--epochs 20] [--seeds 3] [--test 5000] [--cost 2] [--arms WORD,WORD] [--model NAME]
//     [--backend node] [--python PATH] [--rows FILE.jsonl] [--write]
//
// Arms: our default; our random, ASHA, TPE and Hyperband; policies by hand with the whole cost as longer training; Optuna and Ray
// Tune, which drive our trainer through its command line over the same space (`pip install optuna "ray[tune]"`; --python,
// REGIMEN_PYTHON, or python3). `--arms` names some by parts of their names. An arm and seed are one line of --rows, which is appended to;
// what it holds is not trained again, so the script can be stopped at any time. --write makes docs/search.md and its pictures of all
// rows. The default size takes about two hours on two cores for CIFAR-10; the full one: --images 5000 --epochs 30 --seeds 5.
// "At five times the cost": --cost 10.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen } from "regimen";
import { ARMS } from "./search/arms.mjs";
import { fixed, learned } from "./search/ours.mjs";
import { peer, pythonWith } from "./search/peer.mjs";
import { SETS, named, openSet } from "./search/sets.mjs";
import { groupsOf, tableOf, writePage } from "./search/tables.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "20" },
    seeds: { type: "string", default: "3" },
    test: { type: "string", default: "5000" },
    cost: { type: "string", default: "2" },
    arms: { type: "string" },
    model: { type: "string" },
    backend: { type: "string", default: "auto" },
    python: { type: "string" },
    rows: { type: "string", default: here("results/search.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [images, epochs, seeds, test, cost] = ["images", "epochs", "seeds", "test", "cost"].map((key) =>
  Number(asked[key]),
);
if (!(cost > 1)) throw new Error(`--cost is ${asked.cost}; expected more than 1, in plain runs`);
const words = asked.arms?.split(",").map((word) => word.trim().toLowerCase());
const arms = ARMS.filter(({ arm }) => !words || words.some((word) => arm.toLowerCase().includes(word)));

const readRows = () => rowsIn(asked.rows);
const done = (size, arm, seed) =>
  readRows().some(
    (row) => Object.keys(size).every((key) => row[key] === size[key]) && row.arm === arm && row.seed === seed,
  );

const DO = { fixed, learned, peer };

async function compare(regimen, set) {
  const opened = await openSet(regimen, set, { images, test });
  const architecture = asked.model ?? set.model;
  try {
    for (let seed = 1; seed <= seeds; seed++)
      for (const one of arms) {
        const size = { data: set.name, model: architecture, ...opened.size, epochs, cost: one.cost ?? cost };
        if (done(size, one.arm, seed)) continue;
        const python = one.kind === "peer" ? pythonWith(one.needs, asked.python) : undefined;
        if (one.kind === "peer" && !python) {
          console.log(`${set.name}, ${one.arm}: skipped: no Python here has ${one.needs.join(" and ")}`);
          continue;
        }
        const options = { model: { architecture }, data: opened.data, training: { epochs }, seed };
        const how = { options, config: opened.config, cost: size.cost, epochs, seed, python };
        const row = { arm: one.arm, seed, ...size, backend: regimen.backend.name };
        const started = performance.now();
        try {
          Object.assign(row, await DO[one.kind](regimen, one, how));
          row.imagesSeen = row.searchImages + row.finalImages;
        } catch (error) {
          row.failed = error.message;
        }
        row.seconds = (performance.now() - started) / 1000;
        addRow(asked.rows, row);
        const told = row.failed ?? `error ${(100 * row.error).toFixed(1)} %, loss ${row.loss.toFixed(3)}`;
        console.log(`${set.name}, ${one.arm}, seed ${seed}: ${told}, ${row.seconds.toFixed(0)} s`);
      }
  } finally {
    opened.dispose();
  }
}

if (asked.data.length) {
  const sets = asked.data.map(named);
  const regimen = await createRegimen({ backend: asked.backend });
  for (const set of sets) await compare(regimen, set);
  await regimen.dispose();
}
for (const group of groupsOf(readRows())) console.log(`\n${group.data}\n\n${tableOf(group)}`);
if (asked.write) await writePage(here(".."), readRows(), SETS);
