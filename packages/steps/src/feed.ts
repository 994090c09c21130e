import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { identityColour, identityWarp } from "@regimen/ops";
import type { Batch, Draw, Rows, Shape } from "@regimen/contracts";

/** What is fed to one step beside its examples: numbers on the host, of the same shapes at every step. */
export interface Feed {
  readonly index: number;
  readonly progress: number;
  /** Epochs done, with their fraction; 0 unless told. */ readonly epoch?: number;
  /** Scheduled learning rates by part; `default` serves the rest. */
  readonly rates: Readonly<Record<string, number>>;
  /** [2], int32 */ readonly seed: Int32Array;
  /** By technique. */ readonly draws: Readonly<Record<string, Draw>>;
}

/** A name below another; neither packages nor parameters have a colon in theirs. */
const below = (...names: readonly string[]): string => names.join(":");
const named = <T, U>(group: string, values: Readonly<Record<string, T>>, of: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [below(group, name), of(value)]));
/** What stands below `group`, by the rest of its name. */
export const group = <T extends Tensor>(inputs: NamedTensorMap, ...names: readonly string[]): Record<string, T> => {
  const start = below(...names, "");
  const inside = Object.entries(inputs).filter(([name]) => name.startsWith(start));
  return Object.fromEntries(inside.map(([name, tensor]) => [name.slice(start.length), tensor as T]));
};

/** A feed as tensors. The caller disposes of them. */
export const feedTensors = ({ index, progress, epoch = 0, seed, rates, draws }: Feed): NamedTensorMap => ({
  index: tf.scalar(index),
  progress: tf.scalar(progress),
  epoch: tf.scalar(epoch),
  seed: tf.tensor1d(seed, "int32"),
  ...named("rate", rates, (rate) => tf.scalar(rate)),
  ...Object.assign({}, ...Object.entries(draws).map(([by, draw]) => named(below("draw", by), draw, vector))),
});
const vector = (values: Float32Array | Int32Array): Tensor1D =>
  tf.tensor1d(values, values instanceof Int32Array ? "int32" : "float32");

/** Rows as tensors. The caller disposes of them. */
export function rowTensors(rows: Rows, { n, h, w, c, classes }: Shape): NamedTensorMap {
  const { boxes, masks, also } = rows;
  const capacity = boxes ? boxes.weights.length / n : 0;
  return {
    images: tf.tensor4d(new Float32Array(rows.images), [n, h, w, c]),
    labels: tf.tensor2d(
      rows.labels.map((value) => (Number.isNaN(value) ? 0 : value)),
      [n, classes],
    ),
    weights: tf.tensor1d(rows.weights),
    origin: tf.tensor1d(rows.origin),
    ...(boxes && {
      "boxes:at": tf.tensor3d(boxes.at, [n, capacity, 4]),
      "boxes:labels": tf.tensor3d(boxes.labels, [n, capacity, classes]),
      "boxes:weights": tf.tensor2d(boxes.weights, [n, capacity]),
    }),
    ...(masks && { masks: tf.tensor3d(masks, [n, h, w], "int32") }),
    ...named("also", also ?? {}, (values) => tf.tensor2d(values, [n, values.length / n])),
  };
}

/** The batch that `rowTensors` made, nothing pending. Call within a tidy. */
export function batchFrom(inputs: NamedTensorMap, shape: Shape): Batch {
  const boxes = group(inputs, "boxes");
  const { images, labels, weights, origin, masks } = inputs;
  return {
    shape,
    images: images as Tensor4D,
    labels: labels as Tensor2D,
    weights: weights as Tensor1D,
    origin: origin as Tensor1D,
    ...(boxes["at"] && {
      boxes: {
        at: boxes["at"] as Tensor3D,
        labels: boxes["labels"] as Tensor3D,
        weights: boxes["weights"] as Tensor2D,
      },
    }),
    ...(masks && { masks: masks as Tensor3D }),
    warp: identityWarp(shape.n),
    colour: identityColour(shape.n, shape.c),
    also: group(inputs, "also"),
  };
}

/** Puts rows on the device, nothing pending. Call within a tidy, or dispose of every tensor. */
export const batchOf = (rows: Rows, shape: Shape): Batch => batchFrom(rowTensors(rows, shape), shape);
