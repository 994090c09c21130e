// Whether the report's word on each technique is right: what attribution says by short forks, beside whole trainings with and without
// the technique by other seeds. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/attribution.mjs --data fashion --data cifar10=FOLDER --data neu=FOLDER
//     [--images 2000] [--epochs 20] [--seeds 1] [--again 3] [--validation 1000] [--test 5000] [--model NAME] [--backend node]
//     [--rows FILE.jsonl] [--write]
//
// Three policies by hand are looked at: what is usual, what mixes and smooths, what is rarely right. For each of --seeds, one run with its
// baseline gives the words, by --validation images that are not trained on; then every step of the policy is trained with and without by
// --again other seeds, as long as a plain run, and asked on --test images. A run or a training is one line of --rows, which is appended
// to; what it holds is not trained again. --write makes docs/attribution.md of all rows.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen, mergeFragments } from "regimen";
import { SETS, named, openSet } from "./search/sets.mjs";
import { addRow, rowsIn } from "./sides/results.mjs";
import { mean, told } from "./sides/statistics.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string", multiple: true, default: [] },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "20" },
    seeds: { type: "string", default: "1" },
    again: { type: "string", default: "3" },
    validation: { type: "string", default: "1000" },
    test: { type: "string", default: "5000" },
    model: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/attribution.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [images, epochs, seeds, again, judging, test] = ["images", "epochs", "seeds", "again", "validation", "test"].map(
  (key) => Number(asked[key]),
);

const use = (name, params = {}) => ({ use: `@regimen/technique-${name}`, with: params });
const POLICIES = {
  usual: [use("augment/mirror"), use("augment/translate"), use("randaugment"), use("weight-decay")],
  mixing: [use("cutmix"), use("label-smoothing"), use("dropout"), use("augment/cutout")],
  rare: [use("augment/flip-vertical"), use("augment/rot90"), use("augment/blur"), use("augment/invert")],
};
const SIZE = ["data", "model", "images", "epochs", "validation"];
const readRows = () => rowsIn(asked.rows);
const same = (a, b) => Object.keys(a).every((key) => JSON.stringify(a[key]) === JSON.stringify(b[key]));
const found = (of) => readRows().find((row) => same(of, row));

/** A metalearner that tries nothing. */
const given = (steps) => ({
  name: "given",
  claims: (what) => "space" in what,
  init: (problem) => problem,
  ask: (problem) => [{ kind: "done", ok: true }, problem],
  tell: (problem) => problem,
  best: (problem) => mergeFragments(problem.base, { steps }),
});

async function words(regimen, of, job, steps) {
  const known = found(of);
  if (known) return known.words;
  const result = await regimen.train({ ...job, metalearner: given(steps), search: { budget: 1 } });
  result.model.dispose();
  const said = result.report.techniques.map(({ use, verdict, validationLoss, validationLossWithout, interval }) => ({
    use,
    verdict,
    loss: validationLoss,
    without: validationLossWithout,
    interval,
  }));
  addRow(asked.rows, { ...of, words: said });
  for (const { use, verdict } of said) console.log(`${of.data}, ${of.policy}, seed ${of.seed}: ${use} ${verdict}`);
  return said;
}

async function retrain(regimen, of, job, steps) {
  if (found(of)) return;
  const result = await regimen.fit({ ...job, policy: { steps } });
  result.model.dispose();
  const { error, loss } = result.test;
  const { calibrated } = result.validation;
  addRow(asked.rows, { ...of, error, loss, calibrated });
  console.log(`${of.data}, ${of.steps.join(" + ") || "none"}, seed ${of.seed}: loss ${loss.toFixed(3)}`);
}

/** The policies that are to be trained: each step with and without, on top of those before it that were not said to hurt. */
function chain(steps, said) {
  const pairs = [];
  let before = [];
  for (const step of steps) {
    const word = said.find((one) => one.use === step.use);
    if (!word) continue;
    const whole = [...before, step];
    pairs.push({ use: step.use, verdict: word.verdict, without: before, whole });
    if (word.verdict !== "hurts") before = whole;
  }
  return pairs;
}
const namesOf = (steps) => steps.map((step) => step.use);

async function measure(regimen, set) {
  const opened = await openSet(regimen, set, { images, test: judging + test });
  const architecture = asked.model ?? set.model;
  const size = { data: set.name, model: architecture, images: opened.size.images, epochs, validation: judging };
  // Evenly spaced: both have all classes, even where these come one after the other.
  const all = opened.data.test;
  const every = Math.floor(all.length / judging);
  const judges = (row) => row % every === 0 && row < judging * every;
  const rows = Array.from({ length: all.length }, (_, row) => row);
  const validation = all.subset(rows.filter(judges));
  const data = { ...opened.data, validation, test: all.subset(rows.filter((row) => !judges(row))) };
  const job = { model: { architecture }, data, training: { epochs } };
  try {
    for (const [policy, steps] of Object.entries(POLICIES))
      for (let seed = 1; seed <= seeds; seed++) {
        const said = await words(regimen, { ...size, policy, seed }, { ...job, seed }, steps);
        for (let other = 101; other <= 100 + again; other++)
          for (const { without, whole } of chain(steps, said))
            for (const one of [without, whole])
              await retrain(regimen, { ...size, steps: namesOf(one), seed: other }, { ...job, seed: other }, one);
      }
  } finally {
    opened.dispose();
  }
}

/** One line a run and technique: what was said, and what whole trainings say. */
function judged(rows) {
  const trained = (size, steps) => rows.filter((row) => row.loss !== undefined && same({ ...size, steps }, row));
  return rows
    .filter((row) => row.words)
    .flatMap((row) => {
      const size = Object.fromEntries(SIZE.map((key) => [key, row[key]]));
      return chain(POLICIES[row.policy], row.words).map(({ use, verdict, without, whole }) => {
        const plain = trained(size, namesOf(without));
        const pairs = trained(size, namesOf(whole)).flatMap((own) => {
          const other = plain.find(({ seed }) => seed === own.seed);
          const less = (key) => own[key] - other?.[key];
          return other ? [{ loss: less("loss"), calibrated: less("calibrated"), error: less("error") }] : [];
        });
        return { ...row, use, verdict, pairs, word: row.words.find((one) => one.use === use) };
      });
    });
}

function tableOf(lines) {
  const head = [
    "data",
    "seed",
    "technique",
    "short forks",
    "said",
    "whole trainings: loss",
    "at the best temperature",
    "error, points",
    "pairs",
    "sign",
  ];
  const cells = lines.map(({ data, model, seed, use, verdict, pairs, word }) => {
    const middle = mean(pairs.map(({ calibrated }) => calibrated));
    const right = (verdict === "helps" && middle < 0) || (verdict === "hurts" && middle > 0);
    return [
      `${SETS[data].title}, ${model}`,
      seed,
      use.replace("@regimen/technique-", ""),
      word.loss === null ? "" : (word.loss - word.without).toFixed(3),
      verdict,
      told(
        pairs.map(({ loss }) => loss),
        3,
      ),
      told(
        pairs.map(({ calibrated }) => calibrated),
        3,
      ),
      told(
        pairs.map(({ error }) => error),
        1,
        100,
      ),
      pairs.length,
      verdict === "helps" || verdict === "hurts" ? (right ? "agrees" : "**differs**") : "",
    ].join(" | ");
  });
  return [head.join(" | "), head.map(() => "---").join(" | "), ...cells].map((line) => `| ${line} |`).join("\n");
}

function summary(lines) {
  const clear = lines.filter(({ verdict }) => verdict === "helps" || verdict === "hurts");
  const agree = (key) =>
    clear.filter(({ verdict, pairs }) => mean(pairs.map((pair) => pair[key])) < 0 === (verdict === "helps")).length;
  return `Said to help or to hurt: ${clear.length} of ${lines.length}. Whole trainings agree in the sign of the loss at the best temperature for ${agree("calibrated")} of them, in that of the loss as it is for ${agree("loss")}, in that of the error for ${agree("error")}; 90 % were aimed at.`;
}

if (asked.data.length) {
  const sets = asked.data.map(named);
  const regimen = await createRegimen({ backend: asked.backend });
  for (const set of sets) await measure(regimen, set);
  await regimen.dispose();
}
const lines = judged(readRows()).filter(({ pairs }) => pairs.length);
const text = `${summary(lines)}\n\n${tableOf(lines)}\n`;
console.log(text);
if (asked.write) {
  const sizes = [
    ...new Set(
      lines.map(
        ({ data, images, epochs, validation }) =>
          `${SETS[data].title}: ${images} images for ${epochs} epochs, ${validation} validation images`,
      ),
    ),
  ].join("; ");
  const page = `# What a technique is said to be worth, and what it is worth\n\n\`node benchmarks/attribution.mjs --write\`. The report measures each technique by short forks of the baseline: with it less without it, beside the techniques before it. Here every step was trained again, with and without, for a whole plain run by other seeds (${sizes}; pairs: how many), and asked on test images (the loss at the best temperature: on the validation images, which no training saw). Below 0 is better; mean ± standard deviation over seeds. "Agrees": by the loss at the best temperature.\n\n${text}`;
  writeFileSync(here("../docs/attribution.md"), await prettier.format(page, { parser: "markdown", printWidth: 120 }));
}
