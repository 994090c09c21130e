import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient, refused, wrong } from "../case.ts";

const pads = (...each: [number, number][]): [number, number][] => each;

/** What moves elements. */
export const layout = collect((add) => {
  add("concat", (a: tf.Tensor2D, b: tf.Tensor2D) => tf.concat([a, b], 1), [
    [2, 3],
    [2, 4],
  ]);
  add("concat of images", (a: tf.Tensor4D, b: tf.Tensor4D) => tf.concat([a, b, a], -1), [
    [2, 3, 3, 4],
    [2, 3, 3, 1],
  ]);
  add("concat of many", (a) => tf.concat(Array.from({ length: 20 }, () => a), 0), [[2, 3]]); // prettier-ignore
  add("stack", (a, b) => tf.stack([a, b]), [
    [2, 3],
    [2, 3],
  ]);
  add("stack along the last axis", (a, b) => tf.stack([a, b], -1), [
    [2, 3],
    [2, 3],
  ]);
  add("split", (x) => tf.split(x, 2, 1)[1]!, [[2, 4]]);
  add("split into unequal parts", (x) => tf.split(x, [1, 3], 1)[1]!, [[2, 4, 2]]);
  add("unstack", (x) => tf.unstack(x, 1)[1]!, [[2, 4]]);
  add("slice", (x) => tf.slice(x, [0, 1], [2, 2]), [[2, 4]]);
  add("slice to the end", (x) => tf.slice(x, [0, 0, 0, 1], [-1, -1, -1, 1]), [[2, 3, 3, 4]]);
  add("stridedSlice", (x) => tf.stridedSlice(x, [0, 0], [2, 4], [1, 2]), [[2, 4]], refused);
  add("pad", (x) => tf.pad(x, pads([0, 0], [1, 2])), [[2, 4]]);
  add("pad of images", (x) => tf.pad(x, pads([0, 0], [2, 1], [0, 3], [0, 0]), 0.5), [[2, 4, 3, 2]]);
  add("mirrorPad, reflect", (x) => tf.mirrorPad(x, pads([0, 0], [1, 1]), "reflect"), [[2, 4]], wrong);
  add("mirrorPad, symmetric", (x) => tf.mirrorPad(x, pads([1, 1], [2, 1]), "symmetric"), [[2, 4]], wrong);
  add("tile", (x) => tf.tile(x, [2, 3]), [[2, 4]]);
  add("tile of a row", (x) => tf.tile(x, [5, 1, 1]), [[1, 4, 2]]);
  add("tile of int32", () => tf.tile(tf.tensor1d([1, 2], "int32"), [2]), [], noGradient);
  add("reverse", (x) => tf.reverse(x, 1), [[2, 4]]);
  add("reverse of two axes", (x) => tf.reverse(x, [0, 2]), [[2, 4, 3]]);
  for (const order of [
    [1, 2, 0],
    [0, 2, 1],
    [2, 1, 0],
  ])
    add(`transpose ${order.join(", ")}`, (x) => tf.transpose(x, order), [[2, 4, 3]]);
  add("transpose of images", (x) => tf.transpose(x, [0, 3, 1, 2]), [[2, 4, 3, 5]]);
  add("transpose of rank 5", (x) => tf.transpose(x, [4, 1, 3, 0, 2]), [[2, 3, 2, 3, 2]]);
  add("broadcastTo", (x) => tf.broadcastTo(x, [3, 2, 4]), [[2, 1]]);
  add("expandDims, squeeze", (x) => tf.squeeze(tf.expandDims(x, 1)), [[2, 4]]);
  add("reshape", (x) => tf.mul(tf.reshape(x, [4, 2]), tf.reshape(x, [4, 2])), [[2, 4]]);
  add("spaceToBatchND", (x) => tf.spaceToBatchND(x, [2, 2], pads([0, 0], [0, 0])), [[1, 4, 4, 2]]);
  add("batchToSpaceND", (x) => tf.batchToSpaceND(x, [2, 2], pads([0, 1], [1, 0])), [[4, 2, 3, 2]]);
  add("depthToSpace", (x: tf.Tensor4D) => tf.depthToSpace(x, 2), [[1, 4, 4, 8]], refused);
});
