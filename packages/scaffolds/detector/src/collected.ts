import { RegimenError, type Batch } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import type { Found, Image, Truth } from "./coco.ts";
import { MOST, detect } from "./detections.ts";
import { boxesOf, detectionLoss } from "./loss.ts";

/** What one image showed. */
export type Seen = Image & {
  /** NaN where it has no label. */ readonly loss: number;
  readonly labelled: boolean;
};
/** Of a box's label: difficult, and a crowd. */
const [DIFFICULT, CROWD] = [-1, -2];
/** Values of one detection: box, score, class. */
export const WIDTH = 6;

/** A detector's maps beside what is there, on the device until `read`. */
export class Collected {
  #batches: { readonly found: Tensor; readonly truth: Tensor; readonly losses: Tensor }[] = [];
  #classes = 0;

  /** Keeps tensors of its own; `map` and `batch` stay the caller's. Errors: REG_DATA_MISMATCH without boxes. */
  add(map: Tensor4D, batch: Batch): void {
    const kept = tf.tidy(() => {
      const { at, labels, weights } = boxesOf(batch);
      this.#classes = labels.shape[2];
      const { boxes, scores, classes } = detect(map, batch.shape);
      const wide = (t: Tensor) => tf.expandDims(t, 2);
      return {
        found: tf.keep(tf.concat([boxes, wide(scores), wide(classes)], 2)),
        truth: tf.keep(tf.concat([at, wide(weights), labels], 2)),
        losses: tf.keep(tf.stack([detectionLoss(map, batch), batch.origin], 1)),
      };
    });
    this.#batches.push(kept);
  }

  /** Image after image; disposes of what was collected. Errors: REG_DATA_EMPTY. */
  async read(): Promise<readonly Seen[]> {
    const batches = this.#batches;
    this.#batches = [];
    if (batches.length === 0)
      throw new RegimenError("REG_DATA_EMPTY", "a score of 0 batches was asked for; add at least one before reading");
    const seen: Seen[] = [];
    for (const { found, truth, losses } of batches) {
      const [answers, objects, values] = await Promise.all([found.data(), truth.data(), losses.data()]);
      const [wide, capacity] = [truth.shape[2]!, truth.shape[1]!];
      for (let i = 0; i < found.shape[0]!; i++) {
        const labelled = values[2 * i + 1]! > 0;
        seen.push({
          found: foundIn(answers.subarray(i * MOST * WIDTH, (i + 1) * MOST * WIDTH) as Float32Array),
          truth: truthIn(
            objects.subarray(i * capacity * wide, (i + 1) * capacity * wide) as Float32Array,
            this.#classes,
          ),
          loss: labelled ? values[2 * i]! : NaN,
          labelled,
        });
      }
      tf.dispose([found, truth, losses]);
    }
    return seen;
  }
}

/** `values`: [100, 6]. */
function foundIn(values: Float32Array): Found[] {
  const found: Found[] = [];
  for (let at = 0; at < values.length && values[at + 4]! > 0; at += WIDTH)
    found.push({ at: values.slice(at, at + 4), score: values[at + 4]!, class: values[at + 5]! });
  return found;
}

/** `values`: [capacity, 5 + classes]. */
function truthIn(values: Float32Array, classes: number): Truth[] {
  const truth: Truth[] = [];
  for (let at = 0; at < values.length; at += 5 + classes) {
    if (!(values[at + 4]! > 0)) continue;
    const labels = values.subarray(at + 5, at + 5 + classes);
    const label = labels.reduce((best, value, k) => (Math.abs(value) > Math.abs(labels[best]!) ? k : best), 0);
    const ignored = labels[label] === CROWD ? "crowd" : labels[label] === DIFFICULT ? "difficult" : undefined;
    truth.push({ at: values.slice(at, at + 4), class: label, ...(ignored && { ignored }) });
  }
  return truth;
}
