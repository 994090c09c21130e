// What other models' knowledge is worth: distillation from a wider teacher, from three teachers and from the model itself, and ensembles,
// beside training alone, at equal cost (the teachers' included) and at equal images of the student. CIFAR-10's binary files:
//
//   node benchmarks/knowledge.mjs --data FOLDER [--images 2000] [--epochs 20] [--seeds 3] [--test 5000] [--arms "NAME;NAME"]
//     [--model resnet20] [--backend node] [--rows FILE.jsonl] [--write]
//
// All arms train by mirror, translation, RandAugment and weight decay. A plain run is `--epochs` of the images. An arm and seed are one
// line of --rows, which is appended to; what it holds is not trained again. --write makes docs/knowledge.md of all rows. The default
// size takes about two hours on two cores.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen } from "regimen";
import { armsOf, bySize, eachArm, markdown } from "./sides/arms.mjs";
import { rowsIn } from "./sides/results.mjs";
import { told, verdict } from "./sides/statistics.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "20" },
    seeds: { type: "string", default: "3" },
    test: { type: "string", default: "5000" },
    arms: { type: "string" },
    model: { type: "string", default: "resnet20" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/knowledge.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const use = (name, params = {}) => ({ use: `@regimen/technique-${name}`, with: params });
const ALONE = [use("augment/mirror"), use("augment/translate"), use("randaugment"), use("weight-decay")];
/** Images of the student: whatever the teachers' share and the third of an image for each look of theirs leave. */
const COST = 2;
const studentsShare = ({ share, teachers }) => (1 - share) / (1 + teachers / 3);
const distilled = (arm, teacher, { share, teachers }, cost = COST) => ({
  arm,
  cost,
  student: cost * studentsShare({ share, teachers }),
  steps: [...ALONE, use("distillation", { teacher, share, members: teachers })],
});
const LARGER = { share: 0.4, teachers: 1 };
const THREE = { share: 0.6, teachers: 3 };
/** At which cost a student sees as many images as training alone does. */
const equal = (how) => COST / studentsShare(how);
const ensemble = (arm, by, cost) => ({ arm, cost, steps: [...ALONE, use("ensembling", { members: 3, by })] });
const ARMS = [
  { arm: "alone", cost: COST, student: COST, steps: ALONE },
  distilled("from itself", "self", LARGER),
  distilled("from a wider teacher", "larger", LARGER),
  distilled("from three teachers", "self", THREE),
  distilled("from a wider teacher, equal images", "larger", LARGER, equal(LARGER)),
  distilled("from three teachers, equal images", "self", THREE, equal(THREE)),
  ensemble("ensemble of 3", "seeds", COST),
  ensemble("ensemble of 3 snapshots", "snapshots", COST),
  ensemble("ensemble of 3, each as long as alone", "seeds", 3 * COST),
];
const numbers = Object.fromEntries(["images", "epochs", "test"].map((key) => [key, Number(asked[key])]));
const size = { ...numbers, model: asked.model };

if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const open = (file, limit) => regimen.open({ format: "cifar10-binary", path: join(asked.data, file), limit });
  const data = {
    train: await open("data_batch_1.bin", size.images),
    validation: { fraction: 0.1 },
    test: await open("data_batch_3.bin", size.test),
  };
  const shown = ({ error, ece }) => `error ${(100 * error).toFixed(1)} %, ECE ${ece.toFixed(3)}`;
  const how = { file: asked.rows, arms: armsOf(ARMS, asked.arms), seeds: Number(asked.seeds), size, told: shown };
  await eachArm(how, async ({ cost, steps }, seed) => {
    const result = await regimen.fit({
      model: { architecture: asked.model },
      data,
      training: { epochs: cost * size.epochs },
      policy: { steps },
      seed,
    });
    const weights = result.model.countParams();
    result.model.dispose();
    const { error, loss, ece } = result.test;
    return { cost, backend: regimen.backend.name, error, loss, ece, weights, imagesSeen: result.imagesSeen };
  });
  await regimen.dispose();
}

function tableOf(rows) {
  const done = rows.filter((row) => row.error !== undefined);
  const alone = done.filter(({ arm }) => arm === ARMS[0].arm);
  const lines = ARMS.flatMap(({ arm, cost, student }) => {
    const own = done.filter((row) => row.arm === arm);
    if (!own.length) return [];
    const changes = own.flatMap((row) =>
      alone.filter(({ seed }) => seed === row.seed).map(({ error }) => row.error - error),
    );
    const column = (key, digits, factor) =>
      told(
        own.map((row) => row[key]),
        digits,
        factor,
      );
    return [
      [
        arm,
        cost.toFixed(1),
        student === undefined ? "" : student.toFixed(1),
        column("error", 1, 100),
        arm === ARMS[0].arm || !changes.length ? "" : `${told(changes, 1, 100)}: ${verdict(changes)}`,
        column("loss", 3),
        column("ece", 3),
        own[0].weights.toLocaleString("en"),
        column("seconds", 0),
        `${own.length}`,
      ],
    ];
  });
  const head = ["model", "plain runs", "of the student", "error, %", "points against alone", "loss", "ECE"];
  return markdown([...head, "weights", "seconds", "seeds"], lines);
}
const sections = bySize(rowsIn(asked.rows), Object.keys(size)).map((rows) => {
  const [{ images, epochs, test, model }] = rows;
  return `## ${images.toLocaleString("en")} images of CIFAR-10, ${model}\n\nA plain run is ${epochs} epochs; tested on ${test.toLocaleString("en")} others.\n\n${tableOf(rows)}\n`;
});
for (const section of sections) console.log(`\n${section}`);
if (asked.write) {
  const page = `# What other models' knowledge is worth\n\n\`node benchmarks/knowledge.mjs --data FOLDER --write\`. All train by mirror, translation, RandAugment and weight decay. "Plain runs" is all that is paid, teachers and members included, in images seen (forward alone: a third); a wider teacher's images count as the others, though they take longer. "Of the student": images that the student itself trains on. "Wider": twice the filters. Mean ± standard deviation over seeds, differences paired; chance by a paired t-interval at 95 %.\n\n${sections.join("\n")}`;
  writeFileSync(here("../docs/knowledge.md"), await prettier.format(page, { parser: "markdown", printWidth: 120 }));
}
