// NEU surface defects with their boxes (shared/data/neu-det): a small detector, plain and with mirror and translate, over a few seeds. On built
// packages; natively with REGIMEN_TFJS_NODE:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/detection.mjs /path/to/neu-det
//     --side 64   --epochs 20   --width 1   --seeds 1   --policies plain,augmented   --limit 1445   --sheets FOLDER
//     --out FOLDER   --minutes 60
//
// --out: where the runs' folders are; what was begun there goes on. --minutes: stops after so many, to go on another time.
// --sheets: pictures of augmented images and of answers on the test split, with their boxes.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import node from "@regimen/backend-node";
import wasm from "@regimen/backend-wasm";
import { createRegimen } from "@regimen/core";
import data from "@regimen/data";
import models from "@regimen/models";
import detector from "@regimen/scaffold-detector";
import augment from "@regimen/technique-augment";
import { drawAugmented, drawAnswers } from "./sides/boxes.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    side: { type: "string", default: "64" },
    epochs: { type: "string", default: "20" },
    rate: { type: "string", default: "auto" },
    optimizer: { type: "string" },
    seeds: { type: "string", default: "1" },
    policies: { type: "string", default: "plain,augmented" },
    architecture: { type: "string", default: "small-detector" },
    width: { type: "string", default: "1" },
    limit: { type: "string" },
    sheets: { type: "string" },
    out: { type: "string" },
    minutes: { type: "string" },
  },
});
const [folder] = positionals;
if (!folder) throw new Error("expected the folder of NEU-DET, with index.csv and boxes.csv");

/** One CSV of paths, splits and boxes out of the data set's two; VOC's pixels count from 1. */
function boxesCsv() {
  const table = (name) =>
    readFileSync(join(folder, name), "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
  const paths = new Map(
    table("index.csv").map(([file, label, split]) => [file, [join(folder, split, label, file), split]]),
  );
  const rows = table("boxes.csv").map(([file, label, xmin, ymin, xmax, ymax]) => [
    ...paths.get(file),
    label,
    xmin - 1,
    ymin - 1,
    xmax,
    ymax,
  ]);
  const path = join(mkdtempSync(join(tmpdir(), "neu-")), "boxes.csv");
  writeFileSync(path, ["path,split,label,xmin,ymin,xmax,ymax", ...rows.map((row) => row.join(","))].join("\n"));
  return path;
}

const AUGMENT = "@regimen/technique-augment";
const POLICIES = {
  plain: "none",
  augmented: {
    steps: [
      { use: `${AUGMENT}/mirror`, with: {} },
      { use: `${AUGMENT}/translate`, with: { m: 0.6, rr: 0.8 } },
    ],
  },
};
const side = Number(options.side);
const regimen = await createRegimen({ plugins: [node, wasm, data, models, detector, augment] });
console.log(`backend ${regimen.backend.name} (${regimen.backend.device})`);
const path = boxesCsv();
const how = { size: { h: side, w: side }, channels: 1, fit: "stretch" };
const spec = (split) => ({ format: "boxes-csv", path, split, ...(options.limit && { limit: Number(options.limit) }) });
const train = await regimen.open(spec("train"), how);
const test = await regimen.open(spec("test"), { ...how, classes: train.classes });
console.log(`${train.length} training images, ${test.length} test images of ${train.classes.length} classes`);

if (options.sheets) {
  mkdirSync(options.sheets, { recursive: true });
  const drawn = await drawAugmented(POLICIES.augmented, regimen.registered.techniques, train, 24);
  writeFileSync(join(options.sheets, "augmented.png"), drawn);
}
const signal = options.minutes && AbortSignal.timeout(60_000 * Number(options.minutes));
for (const name of options.policies.split(",").filter(Boolean))
  for (let seed = 1; seed <= Number(options.seeds); seed++) {
    const started = performance.now();
    const out = options.out && join(options.out, `${name}-${seed}`);
    const running = regimen.fit({
      model: { architecture: options.architecture, with: { width: Number(options.width) } },
      task: "detection",
      data: { train, validation: { fraction: 0.1 }, test },
      training: {
        epochs: Number(options.epochs),
        batchSize: 32,
        ...(options.rate !== "auto" && { learningRate: Number(options.rate) }),
        ...(options.optimizer && { optimizer: options.optimizer }),
      },
      policy: POLICIES[name],
      seed,
      ...(out && { out, resume: existsSync(out) }),
      ...(signal && { signal }),
    });
    for await (const event of running) {
      if (event.kind === "epoch" && (event.epoch % 5 === 0 || event.epoch <= 2))
        console.log(
          `  epoch ${event.epoch}`,
          JSON.stringify(event.logs, (_, v) => (typeof v === "number" ? +v.toFixed(4) : v)),
        );
      if (event.kind === "warning") console.log(`  ${event.message}`);
    }
    const { model, test: found, captured } = await running;
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    const shown = Object.entries(found.measures).map(([measure, value]) => `${measure} ${value?.toFixed(3) ?? "–"}`);
    console.log(`${name}, seed ${seed}: ${shown.join(", ")}; ${seconds} s${captured ? ", recorded" : ""}`);
    console.log(`  ${found.classes.map((of) => `${of.name} ${of.averagePrecision?.toFixed(3)}`).join(", ")}`);
    if (options.sheets && seed === 1) {
      writeFileSync(join(options.sheets, `${name}-answers.png`), await drawAnswers(found, test, 24));
    }
    model.dispose();
  }
await regimen.dispose();
