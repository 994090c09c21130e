import {
  RegimenError,
  addCost,
  createRng,
  imagesSeen,
  settingsOf,
  zeroCost,
  type Cost,
  type DataInput,
  type JobOptions,
  type Regimen,
  type Samples,
  type Source,
  type Splits,
  type Task,
} from "@regimen/contracts";
import { blueprintOf } from "./blueprint.ts";
import { classesOf, expectSame, normalizationOf, source, split, unlabelled } from "@regimen/sources";
import type { Session } from "./session.ts";

/** Opens, splits and checks the data. Errors: REG_DATA_*. */
export async function prepareData(input: DataInput, seed: number, task: Task = "classification"): Promise<Splits> {
  const rng = createRng(seed).fork("split");
  const given = source(await input.train);
  const classes = classesOf(given);
  const rows = (labelled: boolean): number[] => [...classes.keys()].filter((row) => classes[row]! >= 0 === labelled);
  const blank = rows(false);
  let train = blank.length ? given.subset(rows(true)) : given;
  let unlabeled = blank.length ? given.subset(blank) : undefined;
  if (input.unlabeled) {
    // Labels that came along may be anything, and right ones would make a teacher of the answer.
    const more = unlabelled(source(await input.unlabeled));
    unlabeled = unlabeled ? unlabeled.concat(more) : more;
  }
  const take = async (
    what: "test" | "validation",
    from: Samples | Source | Promise<Samples | Source> | { readonly fraction: number },
  ): Promise<Source> => {
    const ready = await from;
    if (!("fraction" in ready)) return source(ready);
    const { rest, taken } = await split(train, ready.fraction, rng.fork(what), what);
    const out = train.subset(taken);
    train = train.subset(rest);
    return out;
  };
  const test = input.test && (await take("test", input.test));
  const validation = await take("validation", input.validation ?? { fraction: 0.1 });
  for (const [what, part] of Object.entries({ training: train, validation, ...(test && { test }) })) {
    if (!part.length)
      throw new RegimenError(
        "REG_DATA_EMPTY",
        `the ${what} split has no labelled images; point data.${what === "training" ? "train" : what} at some`,
      );
    expectSame(train, part);
  }
  expectLabels(train, task);
  const synthetic = input.synthetic && source(await input.synthetic);
  if (synthetic) expectSame(train, synthetic);
  return { train, validation, ...(test && { test }), ...(unlabeled && { unlabeled }), ...(synthetic && { synthetic }) };
}

/** Whether the labels are such as the task trains on. Errors: REG_DATA_ONE_CLASS, REG_DATA_LABEL. */
function expectLabels(train: Source, task: Task): void {
  const exclusive = task === "classification" || task === "binary_classification";
  if (task === "binary_classification" && train.classes.length !== 2)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `binary classification got ${train.classes.length} classes (${train.classes.slice(0, 5).join(", ")}); expected two: use task classification, or multilabel_classification`,
    );
  const [labels, k] = [train.labels()!, train.classes.length];
  const sumOf = (row: number): number => labels.subarray(row * k, (row + 1) * k).reduce((sum, label) => sum + label, 0);
  const several = exclusive ? classesOf(train).findIndex((_, row) => sumOf(row) > 1.01) : -1;
  if (several >= 0)
    throw new RegimenError(
      "REG_DATA_LABEL",
      `"${train.id(several)}" has several labels, and in ${task} classes exclude each other; use task multilabel_classification, or leave it one label`,
    );
  const present = new Set<number>();
  labels.forEach((label, at) => label > 0 && present.add(at % k));
  const shown = train.classes.filter((_, at) => present.has(at));
  const needed = exclusive || task === "semantic_segmentation" ? 2 : 1;
  if (shown.length < needed)
    throw new RegimenError(
      "REG_DATA_ONE_CLASS",
      `all ${train.length} training images show ${shown.length ? `one class only (${shown[0]})` : `none of the classes (${train.classes.join(", ")})`}; ${task} needs images of at least ${needed === 2 ? "two" : "one"}`,
    );
}

const SCAFFOLDS: Partial<Record<Task, string>> = { semantic_segmentation: "segmenter", detection: "detector" };

/** Everything that the trainings of a job share; builds the model once to learn what it is. */
export async function prepareSession(
  options: JobOptions,
  registered: Regimen["registered"],
  splits: Splits,
  env: Pick<Session, "store" | "signal" | "emit" | "show" | "record" | "refused">,
): Promise<{ session: Session; parameters: number; expect(images: number): void }> {
  const task = options.task ?? "classification";
  const scaffold = registered.scaffolds.findLast((candidate) => candidate.tasks.includes(task));
  if (!scaffold)
    throw new RegimenError(
      "REG_SCAFFOLD_MISSING",
      `no installed scaffold trains "${task}"; run: npm i @regimen/scaffold-${SCAFFOLDS[task] ?? "classifier"}, and pass it to createRegimen`,
    );
  const { train } = splits;
  const blueprint = blueprintOf(options.model, registered, { format: train.format, classes: train.classes.length });
  const normalization = await normalizationOf(train);
  const rng = createRng(options.seed ?? 0)
    .fork("training")
    .fork("init");
  const model = await blueprint.build(rng);
  const how = {
    hooks: [],
    format: train.format,
    classes: train.classes.length,
    task,
    rng,
    ...(blueprint.fresh && { normalization }),
  };
  const wrapped = await scaffold.wrap(model, how).finally(() => model.dispose());
  const { test, ...data } = splits; // no training sees the test split
  const further = (["unlabeled", "synthetic"] as const).filter((part) => splits[part]);
  const facts = [...wrapped.facts, ...further];
  const { parameters } = wrapped;
  wrapped.dispose();
  let [total, spent]: [number, Cost] = [0, zeroCost];
  const session: Session = {
    ...env,
    registered,
    scaffold,
    blueprint,
    task,
    facts,
    normalization,
    settings: settingsOf(options.training, facts, train.length),
    data,
    spent: (cost) => void (spent = addCost(spent, cost)),
    secondsLeft: ({ images, imagesPerSecond } = { images: 0, imagesPerSecond: 0 }) => {
      const done = imagesSeen(spent) + images;
      const seconds = spent.seconds + (imagesPerSecond ? images / imagesPerSecond : 0);
      return total && seconds > 1 ? (Math.max(0, total - done) * seconds) / done : null;
    },
  };
  return { session, parameters, expect: (images) => void (total = images) };
}
