// What pre-training without labels is worth: a linear probe and a vote of neighbours on the features of a backbone that SimCLR or
// Barlow Twins trained, beside the same backbone with random weights. CIFAR-10's binary files, on built packages:
//
//   node benchmarks/probes.mjs --data FOLDER [--images 25000] [--epochs 10] [--labelled 5000] [--seeds 1] [--arms "NAME;NAME"]
//     [--model resnet20] [--backend node] [--rows FILE.jsonl] [--write]
//
// Pre-training sees `--images` images in two views each, an epoch, and no label. The probe is taught on the first `--labelled` of them and
// judged on 5,000 others. An arm and seed are one line of --rows, which is appended to; what it holds is not done again. --write makes
// docs/probes.md of all rows. The default size takes about an hour on two cores for both methods.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen } from "regimen";
import { armsOf, bySize, eachArm, markdown } from "./sides/arms.mjs";
import { rowsIn } from "./sides/results.mjs";
import { told } from "./sides/statistics.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const built = (path) => import(new URL(`../packages/${path}/dist/index.js`, import.meta.url));
const { linearProbe, nearestNeighbours, pretrainBackbone } = await built("self-supervised");
const { barlowTwins, barlowTwinsMethod } = await built("techniques/barlow-twins");
const { simclr, simclrMethod } = await built("techniques/simclr");
const tf = createRequire(new URL("../packages/core/package.json", import.meta.url))("@tensorflow/tfjs-core");

const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    images: { type: "string", default: "25000" },
    epochs: { type: "string", default: "10" },
    labelled: { type: "string", default: "5000" },
    seeds: { type: "string", default: "1" },
    arms: { type: "string" },
    model: { type: "string", default: "resnet20" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/probes.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const TEST = 5000;
const BATCH = 250;
const ARMS = [
  { arm: "random weights", method: simclrMethod(simclr.space.temperature.default), epochs: 0 },
  { arm: "SimCLR", method: simclrMethod(simclr.space.temperature.default) },
  { arm: "Barlow Twins", method: barlowTwinsMethod(barlowTwins.space.lambda.default) },
];
const numbers = Object.fromEntries(["images", "epochs", "labelled"].map((key) => [key, Number(asked[key])]));
const size = { ...numbers, model: asked.model };

/** Features and classes of all rows. */
async function featuresOf(model, source) {
  const width = model.outputs[0].shape.at(-1);
  const values = new Float32Array(source.length * width);
  const { h, w, c } = source.format;
  for (let from = 0; from < source.length; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, source.length - from) }, (_, at) => from + at);
    const { images } = await source.read(rows);
    const seen = tf.tidy(() => model.predict(tf.tensor4d(Float32Array.from(images), [rows.length, h, w, c])));
    values.set(await seen.data(), from * width);
    seen.dispose();
  }
  const labels = source.labels();
  const k = source.classes.length;
  return {
    values,
    width,
    labels: Array.from({ length: source.length }, (_, row) => labels.subarray(row * k, (row + 1) * k).indexOf(1)),
  };
}

async function measure(regimen, { all, known, test }, { method, epochs = size.epochs }, seed) {
  const model = { architecture: asked.model };
  // Random weights have been trained for one step, of two images.
  const data = epochs ? all : all.subset([0, 1]);
  const made = await pretrainBackbone(regimen, { model, data, method, epochs: epochs || 1, batch: 256, seed });
  const [taught, judged] = [await featuresOf(made.model, known), await featuresOf(made.model, test)];
  made.model.dispose();
  const classes = known.classes.length;
  return {
    backend: regimen.backend.name,
    probe: linearProbe(taught, judged, classes).error,
    neighbours: nearestNeighbours(taught, judged, classes).error,
    losses: made.losses,
    imagesSeen: made.imagesSeen,
  };
}

function tableOf(rows) {
  const head = [
    "backbone",
    "wrong: linear probe, %",
    "wrong: neighbours, %",
    "points better than random",
    "views seen",
    "seeds",
  ];
  const base = rows.filter(({ arm }) => arm === ARMS[0].arm);
  const lines = ARMS.flatMap(({ arm }) => {
    const own = rows.filter((row) => row.arm === arm);
    if (!own.length) return [];
    const gains = own.flatMap((row) =>
      base.filter(({ seed }) => seed === row.seed && row.arm !== base[0].arm).map(({ probe }) => probe - row.probe),
    );
    return [
      [
        arm,
        told(
          own.map(({ probe }) => probe),
          1,
          100,
        ),
        told(
          own.map(({ neighbours }) => neighbours),
          1,
          100,
        ),
        gains.length ? told(gains, 1, 100) : "",
        arm === ARMS[0].arm ? "" : Math.round(own[0].imagesSeen).toLocaleString("en"),
        `${own.length}`,
      ],
    ];
  });
  return markdown(head, lines);
}

if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const path = [1, 2, 3].map((at) => join(asked.data, `data_batch_${at}.bin`));
  const whole = await regimen.open({ format: "cifar10-binary", path });
  const rows = (from, length) => whole.subset(Array.from({ length }, (_, at) => from + at));
  const data = { all: rows(0, size.images), known: rows(0, size.labelled), test: rows(whole.length - TEST, TEST) };
  const told = ({ probe }) => `probe ${(100 * probe).toFixed(1)} %`;
  const how = { file: asked.rows, arms: armsOf(ARMS, asked.arms), seeds: Number(asked.seeds), size, told };
  await eachArm(how, (one, seed) => measure(regimen, data, one, seed));
  whole.dispose();
  await regimen.dispose();
}
const sections = bySize(rowsIn(asked.rows), Object.keys(size)).map((rows) => {
  const [{ images, epochs, labelled, model }] = rows;
  return `## ${images.toLocaleString("en")} images of CIFAR-10, ${epochs} epochs, ${model}\n\nThe probe is taught on ${labelled.toLocaleString("en")} labelled images and judged on ${TEST.toLocaleString("en")} others.\n\n${tableOf(rows)}\n`;
});
for (const section of sections) console.log(`\n${section}`);
if (asked.write) {
  const page = `# What pre-training without labels is worth\n\n\`node benchmarks/probes.mjs --data FOLDER --write\`: a backbone is trained on images alone, each in two views; then a linear classifier, and a vote of neighbours, are taught on its features. Beside it the same backbone with random weights.\n\n${sections.join("\n")}`;
  writeFileSync(here("../docs/probes.md"), await prettier.format(page, { parser: "markdown", printWidth: 120 }));
}
