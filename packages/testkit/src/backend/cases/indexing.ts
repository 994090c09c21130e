import * as tf from "@tensorflow/tfjs-core";
import { collect, ids, noGradient, table, refused } from "../case.ts";

/** What picks elements by number or by condition. */
export const indexing = collect((add) => {
  add("gather", (x) => tf.gather(x, ids(0, 2, 2, 1)), [[4, 5]]);
  add("gather along axis 1", (x) => tf.gather(x, ids(0, 2, 2, 1), 1), [[4, 5, 3]]);
  add("gather by a matrix", (x) => tf.gather(x, table([[0, 2, 2], [1, 1, 3]])), [[4, 5]]); // prettier-ignore
  // Its gradient uses tfjs' chained ops, which only some set-ups load.
  add("gather with batch dimensions", (x) => tf.gather(x, table([[1, 0], [3, 3], [2, 1]]), 1, 1), [[3, 4, 2]], noGradient); // prettier-ignore
  add("gather of int32", () => tf.gather(ids(5, 6, 7), ids(2, 0)), [], noGradient);
  add("embedding", (x) => tf.reshape(tf.gather(x, ids(3, 1, 1, 0)), [2, 2, 6]), [[5, 6]]);
  add("unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x, ids(0, 2, 2, 1), 3), [[4, 5]]);
  add("unsortedSegmentSum of a vector", (x) => tf.unsortedSegmentSum(x, ids(0, 2, 2, 1, 0), 3), [[5]]);
  add("unsortedSegmentSum, empty segments", (x) => tf.unsortedSegmentSum(x, ids(4, 4, 1), 6), [[3, 2, 2]]);
  add(
    "int32 unsortedSegmentSum",
    () => tf.unsortedSegmentSum(table([[1, 2], [3, 4], [5, 6]]), ids(1, 0, 1), 2), // prettier-ignore
    [],
    noGradient,
  );
  add("where", (x, y) => tf.where(thirds([4, 5]), x, y), [
    [4, 5],
    [4, 5],
  ]);
  add("where, condition broadcast", (x, y) => tf.where(thirds([4, 1, 1]), x, y), [
    [4, 3, 2],
    [4, 3, 2],
  ]);
  add("where, one broadcast", (x, y) => tf.where(thirds([4, 5]), x, y), [[4, 5], []]);
  add("oneHot", () => tf.oneHot(ids(1, 0), 3), [], noGradient);
  add("oneHot float32", () => tf.oneHot(ids(1, 0, 2), 3, 1, 0, "float32"), [], noGradient);
  add("oneHot float32, smoothed", () => tf.oneHot(ids(1, 0, 2), 3, 0.9, 0.05, "float32"), [], noGradient);
  add("oneHot of a matrix", () => tf.oneHot(table([[1, 0], [2, 2]]), 3), [], noGradient); // prettier-ignore
  add("gatherND", (x) => tf.gatherND(x, table([[0, 1], [2, 2]])), [[4, 5]], refused); // prettier-ignore
  add("scatterND", () => tf.scatterND(table([[0], [2]]), tf.tensor1d([1, 2]), [4]), [], noGradient);
  add(
    "tensorScatterUpdate",
    () => tf.tensorScatterUpdate(tf.tensor1d([1, 2, 3]), table([[2], [0]]), tf.tensor1d([9, 8])),
    [],
    noGradient,
  );
  add("sparseToDense", () => tf.sparseToDense(ids(0, 2), tf.tensor1d([1, 2]), [4]), [], noGradient);
  add("searchSorted", () => tf.searchSorted(tf.tensor1d([0, 3, 9]), tf.tensor1d([0, 4, 10])), [], noGradient);
  add("confusionMatrix", () => tf.math.confusionMatrix(ids(0, 1), ids(0, 0), 2), [], noGradient);
  add(
    "mixup",
    (x: tf.Tensor4D, share: tf.Tensor1D) => {
      const by = tf.reshape(share, [4, 1, 1, 1]);
      return tf.add(tf.mul(x, by), tf.mul(tf.gather(x, ids(3, 1, 0, 2)), tf.sub(1, by)));
    },
    [[4, 5, 5, 3], [4]],
  );
});

/** True at every third element. */
const thirds = (shape: number[]): tf.Tensor =>
  tf.tensor(
    Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i % 3 === 0),
    shape,
    "bool",
  );
