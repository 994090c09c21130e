// Rare classes: NEU's surface defects with two classes cut to 20 images each, and what is said to help them, at the same total cost:
// augmentation, balanced sampling, images that somebody made, images that a generator made. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/rare.mjs --data NEU [--each 100] [--rare 20] [--side 64]
//     [--epochs 20] [--seeds 3] [--model resnet20] [--arms "NAME;NAME"] [--backend node] [--rows FILE.jsonl] [--write]
//
// "Made" images are patchworks: four quarters, each from another rare image of the class. "Useless" ones are noise with the rare
// classes' labels. The "searched" arms give them to `metalearner-ssl`, which may leave them out. An arm and seed are one line of --rows,
// which is appended to; what it holds is not trained again. --write makes docs/rare.md of all rows. The default size takes about an hour and
// a half on two cores.
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen, createRng, fromArrays, sequence } from "regimen";
import { armsOf, bySize, eachArm, markdown } from "./sides/arms.mjs";
import { rowsIn } from "./sides/results.mjs";
import { mean, told, verdict } from "./sides/statistics.mjs";

const built = (path) => import(new URL(`../packages/metalearners/${path}/dist/index.js`, import.meta.url));
const { createFixed } = await built("fixed");
const { createSsl } = await built("ssl");
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    each: { type: "string", default: "100" },
    rare: { type: "string", default: "20" },
    side: { type: "string", default: "64" },
    epochs: { type: "string", default: "20" },
    seeds: { type: "string", default: "3" },
    model: { type: "string", default: "resnet20" },
    arms: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/rare.jsonl") },
    write: { type: "boolean", default: false },
  },
});
/** The classes that are cut: two that look alike to a network that has seen few of them. */
const RARE = ["inclusion", "scratches"];
/** In plain runs. */
const COST = 2;
/** Made images of each rare class. */
const MADE = 60;

const use = (name, params = {}) => ({ use: `@regimen/technique-${name}`, with: params });
const AUGMENTED = [use("augment/mirror"), use("augment/translate"), use("randaugment"), use("weight-decay")];
const BALANCED = [...AUGMENTED, use("balanced-sampling")];
const ARMS = [
  { arm: "nothing", steps: [] },
  { arm: "augmentation", steps: AUGMENTED },
  { arm: "balanced sampling, augmentation", steps: BALANCED },
  { arm: "and made images", steps: [...BALANCED, use("synthetic")], made: "patchwork" },
  { arm: "and useless images", steps: [...BALANCED, use("synthetic")], made: "noise" },
  { arm: "made images, searched", steps: BALANCED, made: "patchwork", searched: true },
  { arm: "useless images, searched", steps: BALANCED, made: "noise", searched: true },
  { arm: "and a generator", steps: [...BALANCED, use("gan-synthesis")], generator: true },
  { arm: "and a generator, however short", steps: [...BALANCED, use("gan-synthesis", { fewest: 1 })], generator: true },
];
const numbers = Object.fromEntries(["each", "rare", "side", "epochs"].map((key) => [key, Number(asked[key])]));
const size = { ...numbers, model: asked.model };

/** Rows of each class: [classes][rows]. */
function rowsByClass(source) {
  const k = source.classes.length;
  const labels = source.labels();
  const found = source.classes.map(() => []);
  for (let row = 0; row < source.length; row++) found[labels.subarray(row * k, (row + 1) * k).indexOf(1)].push(row);
  return found;
}

/** The cut training set, and what is not in it. The caller disposes of `all` and `test`. */
async function openData(regimen) {
  const how = { size: { h: size.side, w: size.side }, channels: 1 };
  const all = await regimen.open({ format: "image-folder", path: join(asked.data, "train") }, how);
  const test = await regimen.open(
    { format: "image-folder", path: join(asked.data, "test") },
    { ...how, classes: all.classes },
  );
  const kept = rowsByClass(all).map((rows, at) =>
    rows.slice(0, RARE.includes(all.classes[at]) ? size.rare : size.each),
  );
  return { all, test, train: all.subset(kept.flat().sort((a, b) => a - b)) };
}

/** Images of the rare classes that nobody photographed. */
async function make(kind, train, seed) {
  const { h, w, c } = train.format;
  const rng = createRng(seed).fork(kind);
  const pixels = h * w * c;
  const out = new Uint8Array(RARE.length * MADE * pixels);
  const labels = [];
  const byClass = rowsByClass(train);
  for (const [at, name] of RARE.entries()) {
    const rows = byClass[train.classes.indexOf(name)];
    const { images } = await train.read(rows);
    for (let i = 0; i < MADE; i++) {
      const from = (at * MADE + i) * pixels;
      const quarters = Array.from({ length: 4 }, () => rng.int(rows.length));
      for (let p = 0; p < pixels; p++) {
        const [y, x] = [Math.floor(p / (w * c)), Math.floor((p % (w * c)) / c)];
        const quarter = quarters[2 * Number(y >= h / 2) + Number(x >= w / 2)];
        out[from + p] = kind === "noise" ? rng.int(256) : images[quarter * pixels + p];
      }
      labels.push(name);
    }
  }
  return fromArrays(out, labels, { h, w, c, classes: [...train.classes] });
}

/** The sheet of the generated images of seed 1. */
const SHEET = "pictures/generated.png";

/** What the generator's trial found; its sheet of images goes to the documentation, where that is asked for. */
function foundOf(folder, seed) {
  const shown = join(folder, "shown");
  const named = (end) =>
    join(
      shown,
      readdirSync(shown).find((name) => name.endsWith(`generated.${end}`)),
    );
  const found = JSON.parse(readFileSync(named("json"), "utf8"));
  if (asked.write && seed === 1 && found.images) copyFileSync(named("png"), here(`../docs/${SHEET}`));
  return found;
}

/** The given techniques, and whether further images are used beside them. */
function asking(regimen, steps) {
  const whole = steps.map(({ use: name, with: params }) => {
    const { space } = regimen.registered.techniques.find((technique) => technique.name === name);
    const defaults = Object.fromEntries(Object.entries(space).map(([key, axis]) => [key, axis.default]));
    return { use: name, with: { ...defaults, ...params } };
  });
  const given = createFixed({ steps: whole });
  const claims = (what) => !("group" in what && what.group === "ssl");
  return sequence({ ...given, claims }, createSsl());
}

async function measure(regimen, { train, test }, { steps, made, searched, generator }, seed) {
  const folder = generator && join(mkdtempSync(join(tmpdir(), "rare-")), "run");
  const synthetic = made && (await make(made, train, seed));
  const options = {
    model: { architecture: asked.model },
    data: { train, validation: { fraction: 0.2 }, test, ...(synthetic && { synthetic }) },
    seed,
    ...(folder && { out: folder }),
  };
  try {
    const result = searched
      ? await regimen.train({
          ...options,
          training: { epochs: size.epochs },
          metalearner: asking(regimen, steps),
          baseline: false,
          search: { budget: COST - 1 },
        })
      : await regimen.fit({ ...options, training: { epochs: COST * size.epochs }, policy: { steps } });
    result.model.dispose();
    const { error, loss, classes } = result.test;
    const recalls = Object.fromEntries(classes.map(({ name, recall }) => [name, recall]));
    const used = result.policy.steps.filter((step) => !step.refused).map(({ use: name }) => name);
    const found = folder && foundOf(folder, seed);
    return {
      backend: regimen.backend.name,
      error,
      loss,
      ...(found && { generator: found }),
      recall: mean(RARE.map((name) => recalls[name])),
      recalls,
      synthetic: made ? used.includes("@regimen/technique-synthetic") : (found?.kept ?? null),
      imagesSeen: result.imagesSeen,
    };
  } finally {
    if (folder) rmSync(join(folder, ".."), { recursive: true });
  }
}

function tableOf(rows) {
  const done = rows.filter((row) => row.error !== undefined);
  const base = done.filter(({ arm }) => arm === ARMS[2].arm);
  const lines = ARMS.flatMap(({ arm }) => {
    const own = done.filter((row) => row.arm === arm);
    if (!own.length) return [];
    const column = (key, digits, factor) =>
      told(
        own.map((row) => row[key]),
        digits,
        factor,
      );
    // Less recall is worse: turned round, so that the words fit.
    const lost = own.flatMap((row) =>
      base.filter(({ seed }) => seed === row.seed).map(({ recall }) => recall - row.recall),
    );
    const kept = own.filter(({ synthetic }) => synthetic).length;
    return [
      [
        arm,
        column("recall", 1, 100),
        arm === ARMS[2].arm || !lost.length ? "" : verdict(lost),
        column("error", 1, 100),
        column("loss", 3),
        own[0].synthetic === null ? "" : `${kept} of ${own.length}`,
        `${own.length}`,
      ],
    ];
  });
  const head = [
    "arm",
    "recall of the rare classes, %",
    "than balanced sampling",
    "error of all, %",
    "loss",
    "made images used",
    "seeds",
  ];
  return markdown(head, lines);
}

if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const data = await openData(regimen);
  const shown = ({ recall, error }) => `recall ${(100 * recall).toFixed(1)} %, error ${(100 * error).toFixed(1)} %`;
  const how = { file: asked.rows, arms: armsOf(ARMS, asked.arms), seeds: Number(asked.seeds), size, told: shown };
  await eachArm(how, (one, seed) => measure(regimen, data, one, seed));
  data.all.dispose();
  data.test.dispose();
  await regimen.dispose();
}
const sections = bySize(rowsIn(asked.rows), Object.keys(size)).map((rows) => {
  const [{ each, rare, side, epochs, model }] = rows;
  return `## ${rare} images of ${RARE.join(" and of ")}, ${each} of each other class, ${side}×${side}, ${model}\n\nA plain run is ${epochs} epochs; all arms cost ${COST} of them.\n\n${tableOf(rows)}\n`;
});
for (const section of sections) console.log(`\n${section}`);
if (asked.write) {
  const page = `# Rare classes\n\n\`node benchmarks/rare.mjs --data NEU --write\`: NEU's surface defects, two classes cut to a few images. "Made" images are patchworks of four quarters from the rare images of a class, "useless" ones are noise with the rare classes' labels; ${MADE} of each rare class. "Searched": \`metalearner-ssl\` decides whether they are used. The generator turns its own images away where they do not help. Mean ± standard deviation over seeds; "than balanced sampling": of the recall, by a paired t-interval at 95 %.\n\n${sections.join("\n")}\n## What the generator makes\n\nFour real images, then eight generated ones, of each rare class (seed 1 of the last table with a generator):\n\n![Real and generated images of the rare classes](${SHEET})\n`;
  writeFileSync(here("../docs/rare.md"), await prettier.format(page, { parser: "markdown", printWidth: 120 }));
}
