// Every task on real images: the plain model, our search at the same total cost as others, and the same model with the same recipe
// in Keras, over several seeds. On built packages; DATA holds nuclei/ and neu-det/:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/tasks.mjs --data DATA
//     [--tasks nuclei,neu-detection,neu-multilabel,neu-binary] [--arms "NAME;NAME"] [--seeds 3] [--backend node]
//     [--python PATH] [--rows FILE.jsonl] [--write]
//
// An arm and seed are one line of --rows, which is appended to; what it holds is not trained again, so the script can be stopped at
// any time. --write makes docs/tasks.md of all rows. Keras: --python, REGIMEN_PYTHON, or python3, with tensorflow and keras.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen } from "regimen";
import { fixed, learned } from "./search/ours.mjs";
import { pythonWith } from "./search/peer.mjs";
import { armsOf, eachArm } from "./sides/arms.mjs";
import { rowsIn } from "./sides/results.mjs";
import { keras } from "./tasks/keras.mjs";
import { SETS, openSet } from "./tasks/sets.mjs";
import { tableOf, writePage } from "./tasks/tables.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    tasks: { type: "string", default: Object.keys(SETS).join() },
    arms: { type: "string" },
    seeds: { type: "string", default: "3" },
    backend: { type: "string", default: "auto" },
    python: { type: "string" },
    rows: { type: "string", default: here("results/tasks.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const BASE = ["mirror", "translate"].map((name) => ({ use: `@regimen/technique-augment/${name}`, with: {} }));
/** `cost` in plain runs. */
const ARMS = [
  { arm: "plain, one run", cost: 1, run: fixed, steps: [] },
  { arm: "Regimen", cost: 2, run: learned, metalearner: "default" },
  { arm: "plain", cost: 2, run: fixed, steps: [] },
  { arm: "mirror + translate", cost: 2, run: fixed, steps: BASE },
  { arm: "Keras, plain, one run", cost: 1, run: keras, needs: ["tensorflow", "keras"] },
];
const pythonOf = ({ needs }) => needs && pythonWith(needs, asked.python);
/** Those for which there is a Python. */
const usable = armsOf(ARMS, asked.arms).filter((one) => {
  const can = !one.needs || pythonOf(one);
  if (!can) console.log(`${one.arm}: skipped: no Python here has ${one.needs.join(" and ")}`);
  return can;
});

const read = () => rowsIn(asked.rows);
if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const scratch = mkdtempSync(join(tmpdir(), "regimen-tasks-"));
  for (const name of asked.tasks.split(",")) {
    const set = SETS[name];
    if (!set) throw new Error(`there is no task "${name}"; there are ${Object.keys(SETS).join(", ")}`);
    const opened = await openSet(regimen, set, asked.data, scratch);
    const { task, model, epochs } = set;
    const size = { name, ...opened.size, epochs };
    const told = ({ error, loss }) => `${name}: error ${(100 * error).toFixed(1)} %, loss ${loss.toFixed(3)}`;
    await eachArm({ file: asked.rows, arms: usable, seeds: Number(asked.seeds), size, told }, async (one, seed) => {
      const options = { model: { architecture: model }, task, data: opened.data, training: { epochs }, seed };
      const how = { options, cost: one.cost, epochs, seed, python: pythonOf(one), scratch };
      return { cost: one.cost, backend: regimen.backend.name, ...(await one.run(regimen, one, how)) };
    });
    opened.dispose();
  }
  rmSync(scratch, { recursive: true });
  await regimen.dispose();
}
for (const [name, set] of Object.entries(SETS)) {
  const rows = read().filter((row) => row.name === name);
  if (rows.length) console.log(`\n${set.title}\n\n${tableOf(rows)}`);
}
if (asked.write) await writePage(here("../docs/tasks.md"), read(), SETS);
