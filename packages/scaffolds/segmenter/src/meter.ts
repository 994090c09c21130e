import { RegimenError, type Batch, type Forward, type Meter, type Metered } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { segmentationLoss } from "./loss.ts";
import { meanIou, overlapsOf } from "./overlaps.ts";
import { confusions, flat, logitsOf, masksOf, truthOf } from "./pixels.ts";

/**
 * 1 − mean IoU over all images' pixels together, and the mean loss; each image with a known pixel counts once, whatever its
 * weight. Counting is done on the device: what is kept of an image is its classes × classes counts and its loss.
 *
 * `outputs` holds each image's IoU by class, NaN where neither its mask nor its answer has the class. Calibration is not
 * measured during training.
 */
export class SegmenterMeter implements Meter {
  readonly #classes: number;
  readonly #counts = new Tally();

  constructor(classes: number) {
    this.#classes = classes;
  }

  add({ outputs }: Forward, batch: Batch): void {
    const [logits, masks] = [logitsOf(outputs as Tensor4D), masksOf(batch)];
    this.#counts.add(() => ({
      counts: confusions(truthOf(masks, this.#classes), flat(logits)),
      losses: segmentationLoss(masks, logits),
    }));
  }

  async read(): Promise<Metered> {
    const { counts, losses } = await this.#counts.read<never>();
    const k = this.#classes;
    const all = new Float64Array(k * k);
    const outputs = new Float32Array((counts.length / (k * k)) * k);
    let [images, sum] = [0, 0];
    losses.forEach((loss, image) => {
      const own = counts.subarray(image * k * k, (image + 1) * k * k);
      outputs.set(
        overlapsOf(own).map(({ iou }) => iou ?? Number.NaN),
        image * k,
      );
      if (own.every((pixels) => pixels === 0)) {
        losses[image] = Number.NaN;
        return;
      }
      own.forEach((pixels, at) => (all[at]! += pixels));
      images++;
      sum += loss;
    });
    return { score: { error: 1 - meanIou(all), loss: sum / images, ece: null }, losses, outputs };
  }
}

/** Tensors of each batch, one row an image, kept on the device and read together. */
export class Tally {
  #batches: { [name: string]: tf.Tensor }[] = [];

  add(rows: () => { [name: string]: tf.Tensor }): void {
    const made = tf.tidy(rows);
    for (const tensor of Object.values(made)) tf.keep(tensor);
    this.#batches.push(made);
  }

  /** Errors: REG_DATA_EMPTY. */
  async read<Name extends string>(): Promise<Record<Name | "counts" | "losses", Float32Array>> {
    const batches = this.#batches;
    this.#batches = [];
    if (!batches.length)
      throw new RegimenError("REG_DATA_EMPTY", "a score of 0 batches was asked for; add at least one before reading");
    const found: { [name: string]: Float32Array } = {};
    for (const name of Object.keys(batches[0]!)) {
      const all = tf.concat(batches.map((batch) => batch[name]!));
      tf.dispose(batches.map((batch) => batch[name]!));
      found[name] = (await all.data()) as Float32Array;
      all.dispose();
    }
    return found as Record<Name | "counts" | "losses", Float32Array>;
  }
}
