// What unlabelled images are worth: CIFAR-10 with few labels, our ways to learn from the others, the best policy without them at the same
// cost, and the oracle that is given all labels.
//
//   node benchmarks/ssl.mjs --data FOLDER [--labelled 5000] [--unlabelled 20000] [--epochs 30] [--cost 2] [--seeds 1]
//                           [--arms "NAME;NAME"] [--rows FILE] [--write]
//
// All arms of a table cost the same images, forward and backward 1, forward alone a third: what a teacher looks at is counted. "Supervised" is
// mirror, translation, RandAugment and weight decay, what the default search ends with here; the others add one technique to it. The
// data are the files data_batch_1 to 3 of CIFAR-10's binary version: labels from the beginning, then unlabelled images, the last 5,000
// are the test. Each training is one line of --rows, which is appended to; what it holds is not trained again. --write makes docs/ssl.md of
// all rows. The default size takes about an hour and a half on two cores.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import prettier from "prettier";
import { createRegimen } from "regimen";
import { armsOf, bySize, eachArm, markdown } from "./sides/arms.mjs";
import { rowsIn } from "./sides/results.mjs";
import { mean, told, verdict } from "./sides/statistics.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { values: asked } = parseArgs({
  options: {
    data: { type: "string" },
    labelled: { type: "string", default: "5000" },
    unlabelled: { type: "string", default: "20000" },
    epochs: { type: "string", default: "30" },
    cost: { type: "string", default: "2" },
    seeds: { type: "string", default: "1" },
    model: { type: "string", default: "resnet20" },
    arms: { type: "string" },
    backend: { type: "string", default: "auto" },
    rows: { type: "string", default: here("results/ssl.jsonl") },
    write: { type: "boolean", default: false },
  },
});
const [labelled, unlabelled, epochs, cost, seeds] = ["labelled", "unlabelled", "epochs", "cost", "seeds"].map((key) =>
  Number(asked[key]),
);
const TEST = 5000;

const use = (name, params = {}) => ({ use: `@regimen/technique-${name}`, with: params });
const BEST = [use("augment/mirror"), use("augment/translate"), use("randaugment"), use("weight-decay")];
/** For very few labels, which have soon taught what they can. */
const EARLY = { recipe: "flexmatch", supervised: 0.1, ratio: 4 };
const PLAIN = "plain";
const SUPERVISED = "supervised";
const ORACLE = "all labels";
const ARMS = [
  { arm: PLAIN, steps: [] },
  { arm: SUPERVISED, steps: BEST },
  { arm: "supervised, CutMix", steps: [...BEST, use("cutmix")] },
  { arm: "+ soft labels", steps: [...BEST, use("fixmatch")] },
  { arm: "+ soft labels, CutMix", steps: [...BEST, use("cutmix"), use("fixmatch")] },
  { arm: "+ soft labels, four to one", steps: [...BEST, use("fixmatch", { ratio: 4 })] },
  { arm: "+ FixMatch", steps: [...BEST, use("fixmatch", { recipe: "fixmatch" })] },
  { arm: "+ soft labels, from half", steps: [...BEST, use("fixmatch", { supervised: 0.5 })] },
  {
    arm: "+ soft labels, from half, longer average",
    steps: [...BEST, use("fixmatch", { supervised: 0.5, decay: 0.998 })],
  },
  { arm: "+ soft labels, from half, three to one", steps: [...BEST, use("fixmatch", { supervised: 0.5, ratio: 3 })] },
  { arm: "+ soft labels, from a tenth, four to one", steps: [...BEST, use("fixmatch", { ...EARLY, recipe: "soft" })] },
  { arm: "+ FlexMatch, from a tenth, four to one", steps: [...BEST, use("fixmatch", EARLY)] },
  { arm: "+ SimCLR", steps: [...BEST, use("simclr")] },
  { arm: "+ SimCLR, FlexMatch, four to one", steps: [...BEST, use("simclr"), use("fixmatch", EARLY)] },
  { arm: "+ FixMatch, from half", steps: [...BEST, use("fixmatch", { recipe: "fixmatch", supervised: 0.5 })] },
  { arm: "+ FlexMatch, from half", steps: [...BEST, use("fixmatch", { recipe: "flexmatch", supervised: 0.5 })] },
  {
    arm: "+ Mean Teacher, from half",
    steps: [...BEST, use("fixmatch", { recipe: "mean-teacher", weight: 10, supervised: 0.5 })],
  },
  { arm: "+ Noisy Student", steps: [...BEST, use("noisy-student")] },
  { arm: "+ Noisy Student, one shot", steps: [...BEST, use("noisy-student", { recipe: "one-shot" })] },
  { arm: ORACLE, steps: BEST, oracle: true },
];
const size = { labelled, unlabelled, epochs, cost, model: asked.model };

/** The labelled images, the others, and the test's, from three files one after the other. */
async function openData(regimen) {
  const path = [1, 2, 3].map((at) => join(asked.data, `data_batch_${at}.bin`));
  const all = await regimen.open({ format: "cifar10-binary", path });
  const rows = (from, length) => all.subset(Array.from({ length }, (_, at) => from + at));
  if (labelled + unlabelled + TEST > all.length)
    throw new Error(
      `${labelled} labelled, ${unlabelled} unlabelled and ${TEST} test images are more than ${all.length}`,
    );
  return {
    train: rows(0, labelled),
    others: rows(labelled, unlabelled),
    everything: rows(0, labelled + unlabelled),
    test: rows(all.length - TEST, TEST),
    dispose: () => all.dispose(),
  };
}

async function measure(regimen, data, { steps, oracle }, seed) {
  // The same images seen, whoever has how many labels.
  const whole = cost * epochs;
  const length = oracle ? (whole * labelled) / (labelled + unlabelled) : whole;
  const needs = steps.some(({ use: name }) => /fixmatch|noisy-student|simclr/.test(name));
  const result = await regimen.fit({
    model: { architecture: asked.model },
    data: {
      train: oracle ? data.everything : data.train,
      ...(needs && { unlabeled: data.others }),
      test: data.test,
      validation: { fraction: 0.1 },
    },
    training: { epochs: length },
    policy: { steps },
    seed,
  });
  result.model.dispose();
  const { error, loss, ece } = result.test;
  return { backend: regimen.backend.name, error, loss, ece, imagesSeen: result.imagesSeen };
}

function tableOf(rows) {
  const of = (arm) => rows.filter((row) => row.arm === arm && !row.failed);
  /** The mean errors of arms over the seeds that all of them have; null where there are none. */
  const paired = (...arms) => {
    const seeds = arms.map(of).reduce((all, own) => all.filter(({ seed }) => own.some((row) => row.seed === seed)));
    const shared = seeds.map(({ seed }) => seed);
    const errors = arms.map((arm) => of(arm).flatMap(({ seed, error }) => (shared.includes(seed) ? [error] : [])));
    return shared.length ? errors.map(mean) : null;
  };
  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  const less = (arm, than) => {
    const errors = arm === than ? null : paired(arm, than);
    return errors ? percent(1 - errors[0] / errors[1]) : "";
  };
  const ofTheGap = (arm) => {
    const errors = paired(arm, SUPERVISED, ORACLE);
    return errors ? percent((errors[1] - errors[0]) / (errors[1] - errors[2])) : "";
  };
  const names = new Set([...ARMS, ...rows].map(({ arm }) => arm));
  const lines = [...names]
    .filter((arm) => of(arm).length)
    .map((arm) => {
      const own = of(arm);
      const differences = own.flatMap((row) => {
        const other = of(SUPERVISED).find(({ seed }) => seed === row.seed);
        return other && arm !== SUPERVISED ? [row.error - other.error] : [];
      });
      return [
        arm,
        told(
          own.map((row) => row.error),
          1,
          100,
        ),
        less(arm, PLAIN),
        less(arm, SUPERVISED),
        ofTheGap(arm),
        told(
          own.map((row) => row.loss),
          3,
        ),
        told(
          own.map((row) => row.ece),
          3,
        ),
        Math.round(mean(own.map(({ imagesSeen }) => imagesSeen))).toLocaleString("en"),
        differences.length ? verdict(differences) : "",
        `${own.length}`,
      ];
    });
  const head = [
    "arm",
    "error, %",
    "less than plain",
    "less than supervised",
    "of the oracle's gap",
    "loss",
    "ECE",
    "images seen",
    "against supervised",
    "seeds",
  ];
  return markdown(head, lines);
}

if (asked.data) {
  const regimen = await createRegimen({ backend: asked.backend });
  const data = await openData(regimen);
  const told = ({ error }) => `error ${(100 * error).toFixed(1)} %`;
  const how = { file: asked.rows, arms: armsOf(ARMS, asked.arms), seeds, size, told };
  await eachArm(how, (one, seed) => measure(regimen, data, one, seed));
  data.dispose();
  await regimen.dispose();
}
const sections = bySize(rowsIn(asked.rows), Object.keys(size)).map((rows) => {
  const [{ labelled: few, unlabelled: many, epochs: one, cost: runs, model }] = rows;
  return `## ${few.toLocaleString("en")} labels, ${many.toLocaleString("en")} unlabelled images, ${model}, ${runs} plain runs\n\nA plain run is ${one} epochs of the labelled images, a tenth of which is held out; tested on ${TEST.toLocaleString("en")} others.\n\n${tableOf(rows)}\n`;
});
for (const section of sections) console.log(`\n${section}`);
if (asked.write) {
  const page = `# What unlabelled images are worth\n\n\`node benchmarks/ssl.mjs --data FOLDER --write\`. All arms of a table cost the same images seen, a teacher's included (forward alone: a third). "Supervised" is mirror, translation, RandAugment and weight decay; the arms with + add one technique to it; "all labels" is the same policy with the labels of the unlabelled images as well. Mean ± standard deviation over seeds; shares over the seeds that both arms have; "against supervised" by a paired t-interval at 95 %.\n\n${sections.join("\n")}`;
  writeFileSync(here("../docs/ssl.md"), await prettier.format(page, { parser: "markdown", printWidth: 120 }));
}
