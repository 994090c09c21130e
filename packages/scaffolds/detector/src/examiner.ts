import { RegimenError, type Batch, type Evaluation, type Examiner, type ImageFormat } from "@regimen/core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { averagePrecision, overlapOf, precisionOf, type Image, type Precision } from "./coco.ts";
import { Collected, type Seen } from "./collected.ts";
import { exhibitsOf, TERMS } from "./exhibits.ts";

/** From which score on an answer counts in precision and recall, where no validation split says better. */
const THRESHOLD = 0.3;
/** From which overlap on an answer is right, where it is counted in images. */
const OVERLAP = 0.5;

/** What a detector's plain model is worth: average precisions, and precision and recall at a threshold of the score. */
export class DetectorExaminer implements Examiner {
  readonly #classes: readonly string[];
  readonly #thresholds: readonly number[];
  readonly #chosen: boolean;
  readonly #format: Pick<ImageFormat, "h" | "w">;
  readonly #collected = new Collected();

  constructor(
    classes: readonly string[],
    format: Pick<ImageFormat, "h" | "w">,
    thresholds?: readonly (number | null)[],
  ) {
    [this.#classes, this.#format, this.#chosen] = [classes, format, thresholds !== undefined];
    this.#thresholds = classes.map((_, k) => thresholds?.[k] ?? THRESHOLD);
  }

  add([map]: readonly Tensor[], batch: Batch): void {
    this.#collected.add(map as Tensor4D, batch);
  }

  async read(id: (row: number) => string): Promise<Evaluation> {
    const seen = await this.#collected.read();
    const labelled = seen.filter((image) => image.labelled);
    const precision = precisionOf(labelled, this.#classes.length);
    if (precision.ap50 === null)
      throw new RegimenError(
        "REG_DATA_EMPTY",
        `none of the ${seen.length} images has an object of a known class; evaluation needs images with boxes`,
      );
    const { ap50, ap, small, medium, large } = precision;
    const matches = seen.map((image) => matched(image, this.#thresholds));
    const classes = precision.classes.map((one, k) => ({
      name: this.#classes[k]!,
      support: one.objects,
      ...rates(one, this.#thresholds[k]!),
      averagePrecision: one.ap50,
      threshold: this.#thresholds[k]!,
      bestThreshold: bestThreshold(one),
    }));
    return {
      images: labelled.length,
      error: 1 - ap50,
      loss: labelled.reduce((sum, { loss }) => sum + loss, 0) / labelled.length,
      ece: null,
      measures: { "mAP@0.5": ap50, "mAP@0.5:0.95": ap, "mAP small": small, "mAP medium": medium, "mAP large": large },
      classes,
      terms: TERMS,
      exhibits: exhibitsOf({
        classes,
        precision,
        objects: seen.flatMap(({ labelled: known }, row) => (known ? matches[row]!.objects : [])),
        format: this.#format,
        chosen: this.#chosen,
      }),
      errorOf: resampled(seen, labelled, precision),
      confusion: confusionOf(labelled, this.#thresholds),
      predictions: seen.map((image, row) => ({
        id: id(row),
        label: -1,
        predicted: -1,
        probabilities: [],
        error: image.labelled ? wrong(matches[row]!) : null,
        also: {
          objects: image.labelled ? image.truth.filter(({ ignored }) => !ignored).length : null,
          found: image.found.filter((one) => one.score >= this.#thresholds[one.class]!).length,
        },
        boxes: image.found.map((one) => ({ at: Array.from(one.at), class: one.class, score: one.score })),
      })),
    };
  }
}

type OfClass = Precision["classes"][number];

/** Precision and recall of the answers with so much score; F1 is their harmonic mean. */
function rates({ answers, objects }: OfClass, threshold: number) {
  const given = answers.filter(({ score }) => score >= threshold);
  const right = given.filter((answer) => answer.right).length;
  return {
    precision: given.length ? right / given.length : null,
    recall: objects ? right / objects : null,
    f1: objects ? (2 * right) / (given.length + objects) : null,
  };
}

/** The score at which F1 is largest. */
function bestThreshold({ answers, objects }: OfClass): number | null {
  let [best, at, right]: [number, number | null, number] = [0, null, 0];
  for (const [i, answer] of answers.entries()) {
    if (answer.right) right++;
    const f1 = (2 * right) / (i + 1 + objects);
    if (f1 > best) [best, at] = [f1, answer.score];
  }
  return at;
}

/** Objects that were found, by their class and by what they were called: each by the best answer that overlaps it, whatever its class. */
function confusionOf(images: readonly Seen[], thresholds: readonly number[]): number[][] {
  const counts = thresholds.map(() => thresholds.map(() => 0));
  for (const { found, truth } of images)
    for (const object of truth) {
      if (object.ignored) continue;
      const answer = found.find(
        (one) => one.score >= thresholds[one.class]! && overlapOf(one.at, object.at) >= OVERLAP,
      );
      if (answer) counts[object.class]![answer.class]!++;
    }
  return counts;
}

/** What came of one image: its objects, found or not, and how many answers there are to count. */
type Matched = {
  readonly objects: readonly { readonly area: number; readonly found: boolean }[];
  readonly answers: number;
};
/** Each answer with enough score, best first, takes the object of its class that it overlaps most. */
function matched({ found, truth }: Image, thresholds: readonly number[]): Matched {
  const objects = truth.filter(({ ignored }) => !ignored);
  const aside = truth.filter(({ ignored }) => ignored);
  const taken = new Set<number>();
  let answers = 0;
  for (const one of found) {
    if (one.score < thresholds[one.class]!) continue;
    const open = objects.flatMap((object, o) => {
      const overlap = overlapOf(one.at, object.at);
      return !taken.has(o) && object.class === one.class && overlap >= OVERLAP ? [{ o, overlap }] : [];
    });
    const best = open.sort((a, b) => b.overlap - a.overlap)[0];
    if (best) taken.add(best.o);
    else if (aside.some((object) => overlapOf(one.at, object.at, object.ignored === "crowd") >= OVERLAP)) continue;
    answers++;
  }
  return {
    answers,
    objects: objects.map(({ at }, o) => ({
      area: (at[2]! - at[0]!) * (at[3]! - at[1]!),
      found: taken.has(o),
    })),
  };
}

/** 1 − F1 of one image: the share of its objects and answers that do not belong together. 0 where nothing is there and nothing is said. */
function wrong({ objects, answers }: Matched): number {
  const right = objects.filter(({ found }) => found).length;
  return answers + objects.length ? 1 - (2 * right) / (answers + objects.length) : 0;
}

/** 1 − mAP@0.5 of images that are there so many times each. */
function resampled(
  seen: readonly Seen[],
  labelled: readonly Seen[],
  { classes }: Precision,
): (counts: ArrayLike<number>) => number {
  const rows = seen.flatMap(({ labelled: known }, row) => (known ? [row] : []));
  const objects = classes.map((_, k) =>
    labelled.map(({ truth }) => truth.filter((one) => one.class === k && !one.ignored).length),
  );
  return (counts) => {
    const times = rows.map((row) => counts[row]!);
    const areas = classes.flatMap(({ answers }, k) => {
      const all = objects[k]!.reduce((sum, n, image) => sum + n * times[image]!, 0);
      return all ? [averagePrecision(answers, all, times)] : [];
    });
    return areas.length ? 1 - areas.reduce((sum, area) => sum + area, 0) / areas.length : Number.NaN;
  };
}
