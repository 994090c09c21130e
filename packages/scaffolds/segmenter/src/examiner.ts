import { RegimenError, type Batch, type Evaluation, type Examiner, type ImageFormat } from "@regimen/core";
import { eceOf, type Bin } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { exhibitsOf, TERMS } from "./exhibits.ts";
import { segmentationLoss } from "./loss.ts";
import { Tally } from "./meter.ts";
import { blobsOf, type Blob } from "./objects.ts";
import { meanDice, meanIou, overlapsOf, shareRight } from "./overlaps.ts";
import { confusions, flat, logitsOf, masksOf, truthOf } from "./pixels.ts";

/** Bands of confidence of the calibration error. */
const BINS = 15;

/** What a plain model's answers are worth: mean IoU over all pixels, each class's overlap, each image's own mean IoU. */
export class SegmenterExaminer implements Examiner {
  readonly #classes: readonly string[];
  /** Whether the model answers with probabilities rather than logits. */ readonly #probabilities: boolean;
  readonly #format: Pick<ImageFormat, "h" | "w">;
  readonly #counts = new Tally();
  /** Of each batch: masks are read while the next batch is answered, and not kept. */
  readonly #blobs: Promise<Blob[]>[] = [];

  constructor(classes: readonly string[], probabilities: boolean, format: Pick<ImageFormat, "h" | "w">) {
    [this.#classes, this.#probabilities, this.#format] = [classes, probabilities, format];
  }

  add([answer]: readonly Tensor[], batch: Batch): void {
    const masks = masksOf(batch);
    this.#blobs.push(this.#objects(answer as Tensor4D, masks));
    this.#counts.add(() => {
      const logits = this.#logits(answer as Tensor4D);
      const truth = truthOf(masks, this.#classes.length);
      return {
        counts: confusions(truth, flat(logits)),
        losses: segmentationLoss(masks, logits),
        bands: tf.expandDims(bands(truth, flat(tf.softmax(logits))), 0),
      };
    });
  }

  async #objects(answer: Tensor4D, masks: Tensor3D): Promise<Blob[]> {
    const { h, w } = this.#format;
    // Of its own, and beyond the caller's tidy: it is read later.
    const both = tf.keep(
      tf.tidy(() => tf.stack([tf.cast(masks, "int32"), tf.cast(tf.argMax(this.#logits(answer), 3), "int32")])),
    );
    const values = await both.data();
    both.dispose();
    const half = values.length / 2;
    return Array.from({ length: half / (h * w) }, (_, image) => {
      const part = (from: number) => values.subarray(from + image * h * w, from + (image + 1) * h * w);
      return blobsOf(part(0), part(half), w, this.#classes.length);
    }).flat();
  }

  async read(id: (row: number) => string): Promise<Evaluation> {
    const blobs = (await Promise.all(this.#blobs)).flat();
    const { counts, losses, bands } = await this.#counts.read<"bands">();
    const k = this.#classes.length;
    const all = new Float64Array(k * k);
    let [images, sum] = [0, 0];
    const predictions = Array.from(losses, (loss, image) => {
      const own = counts.subarray(image * k * k, (image + 1) * k * k);
      const known = own.some((pixels) => pixels > 0);
      if (known) [images, sum] = [images + 1, sum + loss];
      own.forEach((pixels, at) => (all[at]! += pixels));
      const ious = overlapsOf(own).map(({ iou }, at) => [`iou_${this.#classes[at]}`, iou] as const);
      return {
        id: id(image),
        label: -1,
        predicted: -1,
        probabilities: [],
        error: known ? 1 - meanIou(own) : null,
        also: { iou: known ? meanIou(own) : null, ...Object.fromEntries(ious) },
      };
    });
    if (!images)
      throw new RegimenError(
        "REG_DATA_EMPTY",
        `none of the ${predictions.length} images has a mask with a known pixel; evaluation needs masks`,
      );
    const bins = binsOf(bands);
    const classes = overlapsOf(all).map((overlap, at) => ({ name: this.#classes[at]!, ...overlap }));
    return {
      images,
      error: 1 - meanIou(all),
      loss: sum / images,
      ece: eceOf(bins),
      measures: { "mean IoU": meanIou(all), "mean Dice": meanDice(all), "pixels right": shareRight(all) },
      classes,
      predictions,
      confusion: Array.from({ length: k }, (_, row) => Array.from(all.subarray(row * k, (row + 1) * k))),
      calibration: { ece: eceOf(bins), bins },
      terms: TERMS,
      exhibits: exhibitsOf(classes, blobs, this.#format),
      errorOf: resampled(counts, k),
    };
  }

  #logits(answer: Tensor4D): Tensor4D {
    if (!this.#probabilities) return logitsOf(answer);
    const several = answer.shape[3] === 1 ? (tf.concat([tf.sub(1, answer), answer], 3) as Tensor4D) : answer;
    return tf.log(tf.maximum(several, 1e-30));
  }
}

/** 1 − mean IoU of images that are there so many times each. Most of an image's counts are 0: those are passed over. */
function resampled(counts: Float32Array, k: number): (times: ArrayLike<number>) => number {
  const filled = Int32Array.from([...counts.keys()].filter((at) => counts[at]! > 0));
  return (times) => {
    const sums = new Float64Array(k * k);
    for (const at of filled) sums[at % (k * k)]! += times[Math.floor(at / (k * k))]! * counts[at]!;
    return 1 - meanIou(sums);
  };
}

/** Of the pixels that are known, by confidence in the answer: how many, how sure, how many right. [BINS, 3] */
function bands(truth: Tensor3D, probabilities: Tensor3D): tf.Tensor2D {
  const known = tf.sum(truth, 2);
  const confidence = tf.max(probabilities, 2);
  const right = tf.sum(tf.mul(truth, tf.cast(tf.equal(probabilities, tf.expandDims(confidence, 2)), "float32")), 2);
  const rows = Array.from({ length: BINS }, (_, band) => {
    const above = band === 0 ? tf.onesLike(confidence) : tf.cast(tf.greater(confidence, band / BINS), "float32");
    const below =
      band === BINS - 1 ? above : tf.mul(above, tf.cast(tf.lessEqual(confidence, (band + 1) / BINS), "float32"));
    const inside = tf.mul(known, below);
    return tf.stack([tf.sum(inside), tf.sum(tf.mul(inside, confidence)), tf.sum(tf.mul(inside, right))]);
  });
  return tf.stack(rows) as tf.Tensor2D;
}

/** `sums`: of `bands`, batch after batch. */
function binsOf(sums: Float32Array): Bin[] {
  return Array.from({ length: BINS }, (_, band) => {
    const total = (column: number): number => {
      let sum = 0;
      for (let at = band * 3 + column; at < sums.length; at += BINS * 3) sum += sums[at]!;
      return sum;
    };
    const images = total(0);
    return {
      from: band / BINS,
      to: (band + 1) / BINS,
      images,
      confidence: images ? total(1) / images : 0,
      accuracy: images ? total(2) / images : 0,
    };
  });
}
