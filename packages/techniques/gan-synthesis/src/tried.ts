import {
  RegimenError,
  classesOf,
  type Change,
  type Run,
  type Source,
  type Table,
  type Train,
  type Trained,
} from "@regimen/core";
import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };
import { repeated, rowsOf } from "./chosen.ts";
import { compare, featureDistance, recognised, type Comparison } from "./judged.ts";
import { contactSheet } from "./sheet.ts";

/** Shares of the classifier's training: when the generated images come in on trial, and when that is decided. */
const [TRIED, DECIDED] = [0.7, 0.8] as const;
/** Generated images must be recognised at least so often as validation images, relative to them, to be tried at all. */
const RECOGNISED = 0.5;
/** Standard errors by which the loss must be lower: one-sided 95 %. */
const SURE = 1.645;

/** What is known of generated images, and what became of them. */
export type Findings = {
  readonly images: number;
  readonly classes: readonly string[];
  /** Shares that the classifier, as far as it is, gives to the class that they are of; null where there are none. */
  readonly recognised: { readonly generated: number; readonly validation: number | null };
  /** In our own classifier's features, from the real training images: to the generated ones, and to the validation images. */
  readonly featureDistance: { readonly generated: number | null; readonly validation: number | null };
  /** Two short trainings on the validation images, with real images again and with these; null where it did not come to that. */
  readonly trial: Comparison | null;
  readonly kept: boolean;
};

/** What is said where the training is too short for a generator. */
export type NoneMade = {
  readonly images: 0;
  readonly classes: readonly string[];
  /** What its share of the plan pays for. */ readonly steps: number;
  /** Below which none is trained. */ readonly fewest: number;
  readonly kept: false;
};

/** Whether the images stay: the loss is lower by more than chance, and the classes in question are found, and no less often. */
export const helps = ({ gain, error, right }: Comparison): boolean =>
  gain > SURE * error && right[1] > 0 && right[1] >= right[0];

const seen = ({ features, outputs }: { features: NamedTensorMap[string]; outputs: NamedTensorMap[string] }) => ({
  features: features!,
  outputs: outputs!,
});

/** What there is to say of the images before any is used. */
async function inspected(
  run: Run,
  { model }: Trained,
  made: Source,
  chosen: readonly number[],
): Promise<Omit<Findings, "trial" | "kept">> {
  const all = rowsOf(run.data.train, chosen);
  const shown = Math.min(all.length, made.length);
  const real = all.subset(Array.from({ length: shown }, (_, i) => Math.floor((i * all.length) / shown)));
  const held = rowsOf(run.data.validation, chosen);
  const [ofMade, ofReal] = [
    await run.table("generated", model, made, seen),
    await run.table("real", model, real, seen),
  ];
  const ofHeld = held.length ? await run.table("held", model, held, seen) : undefined;
  const distance = (to: Table): number | null => featureDistance(ofReal.columns["features"]!, to.columns["features"]!);
  const share = (of: Table, from: Source): number => recognised(of.columns["outputs"]!, classesOf(from));
  return {
    images: made.length,
    classes: chosen.map((label) => made.classes[label]!),
    recognised: { generated: share(ofMade, made), validation: ofHeld ? share(ofHeld, held) : null },
    featureDistance: { generated: distance(ofMade), validation: ofHeld ? distance(ofHeld) : null },
  };
}

/** What the trial of so many images costs, in images of the plan, beside the trainings: each is looked at, and compared with a real one. */
export const costOfLooking = (run: Pick<Run, "data">, count: number): number =>
  (2 * count + 3 * run.data.validation.length) / 3;
/** How many images a classifier's training may have, its trial included, for `images` of the plan. */
export const withinPlan = (images: number): number => images / (1 + DECIDED - TRIED);

/**
 * Trains a classifier on real images; at 70 % of its training two short trainings go on from there, one with `made` beside the
 * real images, the other with as many real ones of the chosen classes again: more weight on a class is no merit of an image.
 * The better one is finished, with `made` or with the real images alone; the other one's tenth is the price.
 *
 * @param what.made labelled images of the chosen classes, each to be used once an epoch
 * @param what.images of the classifier's whole training; the trial adds a tenth, and looking at images what `costOfLooking` says
 */
export async function tryOut(
  run: Run,
  next: Train,
  what: { readonly made: Source; readonly chosen: readonly number[]; readonly images: number },
): Promise<Trained> {
  const { made, chosen, images } = what;
  const { train, validation } = run.data;
  const done: Trained[] = [];
  const part = async (
    name: string,
    span: readonly [number, number],
    from?: Trained,
    extra: Change["extra"] = [],
  ): Promise<Trained> => {
    const trained = await next({ name, span, plan: { images }, extra, ...(from && { from: snapshotOf(from) }) });
    done.push(trained);
    return trained;
  };
  const finish = async (...last: Parameters<typeof part>): Promise<Trained> => {
    const trained = await part(...last);
    done.pop();
    return trained;
  };
  const tell = async (findings: Findings): Promise<void> => {
    run.show("generated", await contactSheet(train, made, chosen), findings);
  };
  try {
    const trunk = await part("trunk", [0, TRIED]);
    const findings = await inspected(run, trunk, made, chosen);
    const { generated, validation: real } = findings.recognised;
    if (real !== null && generated < RECOGNISED * real) {
      await tell({ ...findings, trial: null, kept: false });
      return await finish("rest", [TRIED, 1], trunk);
    }
    const beside = (source: Source) => [{ source, ratio: made.length / train.length, of: "set" }] as const;
    const without = await part("without", [TRIED, DECIDED], trunk, beside(repeated(train, chosen, made.length)));
    const within = await part("with", [TRIED, DECIDED], trunk, beside(made));
    const [before, after] = [
      await run.table("without", without.model, validation, seen),
      await run.table("with", within.model, validation, seen),
    ];
    const trial = compare(before.columns["outputs"]!, after.columns["outputs"]!, classesOf(validation), chosen);
    const kept = helps(trial);
    await tell({ ...findings, trial, kept });
    return kept
      ? await finish("rest", [DECIDED, 1], within, beside(made))
      : await finish("rest", [DECIDED, 1], without);
  } finally {
    for (const { model } of done) model.dispose();
  }
}

function snapshotOf({ snapshot }: Trained): NonNullable<Trained["snapshot"]> {
  if (snapshot) return snapshot;
  throw new RegimenError(
    "REG_POLICY_CONFLICT",
    `${manifest.name} goes on from the middle of a training, and another technique of the policy gives no snapshot of it; use one of them`,
  );
}
