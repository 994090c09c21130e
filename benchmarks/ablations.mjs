// What each technique alone is worth: one training by each technique at its default beside the plain training, the same seeds,
// images and epochs, and beside mirror and translation. On CIFAR-10's binary files:
//
//   node benchmarks/ablations.mjs --data FOLDER [--images 2000] [--epochs 15] [--seeds 3] [--test 5000] [--model resnet20]
//     [--only NAME,NAME] [--backend node] [--rows FILE.jsonl] [--write]
//
// Each training is one line of --rows, which is appended to; what it holds is not trained again, so the script can be stopped at
// any time. --write puts the tables into docs/ablations.md and each technique's README. The full size: --images 5000 --epochs 30.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRegimen, isOff, defaultsOf } from "regimen";
import { tableOf, writeTables } from "./sides/ablation-tables.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "15" },
    seeds: { type: "string", default: "3" },
    test: { type: "string", default: "5000" },
    model: { type: "string", default: "resnet20" },
    backend: { type: "string", default: "auto" },
    only: { type: "string" },
    rows: { type: "string", default: here("results/ablations.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const size = {
  images: Number(asked.images),
  epochs: Number(asked.epochs),
  test: Number(asked.test),
  model: asked.model,
};
const BASE = [
  ["@regimen/technique-augment/mirror", {}],
  ["@regimen/technique-augment/translate", {}],
];
/** Groups whose techniques are measured by scripts of their own, since they need more than labelled images. */
const APART = ["ssl"];

const read = () => rowsIn(asked.rows);
const same = (a, b) => Object.keys(size).every((key) => a[key] === b[key]);

if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const open = (file, limit) => regimen.open({ format: "cifar10-binary", path: join(asked.data, file), limit });
  const arms = [
    { arm: "plain", steps: [] },
    { arm: "mirror + translate", steps: BASE },
    ...regimen.registered.techniques
      .filter(
        ({ group, order, space, tasks = ["classification"] }) =>
          tasks.includes("classification") &&
          !APART.includes(group) &&
          !order.needs?.some((need) => ["unlabeled", "synthetic"].includes(need)) &&
          !isOff(space, defaultsOf(space)),
      )
      .map(({ name }) => ({ arm: name, steps: [[name, {}]] })),
  ].filter(({ arm }) => !asked.only || asked.only.split(",").some((word) => arm.includes(word)));
  for (let seed = 1; seed <= Number(asked.seeds); seed++)
    for (const { arm, steps } of arms) {
      if (read().some((row) => same(row, size) && row.arm === arm && row.seed === seed)) continue;
      const started = performance.now();
      const row = { arm, seed, ...size, backend: regimen.backend.name };
      try {
        const result = await regimen.fit({
          model: { architecture: asked.model },
          data: {
            train: await open("data_batch_1.bin", size.images),
            validation: { fraction: 0.1 },
            test: await open("data_batch_3.bin", size.test),
          },
          training: { epochs: size.epochs },
          policy: { steps: steps.map(([use, params]) => ({ use, with: params })) },
          seed,
        });
        result.model.dispose();
        const { error, loss, ece } = result.test;
        Object.assign(row, { error, loss, ece, imagesSeen: result.imagesSeen, captured: result.captured });
      } catch (error) {
        row.failed = error.message;
      }
      row.seconds = (performance.now() - started) / 1000;
      addRow(asked.rows, row);
      console.log(
        `${arm}, seed ${seed}: ${row.failed ?? `error ${(100 * row.error).toFixed(1)} %`}, ${row.seconds.toFixed(0)} s`,
      );
    }
  await regimen.dispose();
}
const rows = read().filter((row) => same(row, size));
console.log(tableOf(rows));
if (asked.write) await writeTables(here(".."), rows, size);
