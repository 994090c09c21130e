import * as tf from "@tensorflow/tfjs-core";
import { collect, forwardOnly, ids } from "./case.ts";

/** What moves elements, and what has no gradient. */
export const shapes = collect((add) => {
  add("concat", (a: tf.Tensor2D, b: tf.Tensor2D) => tf.concat([a, b], 1), [
    [2, 3],
    [2, 4],
  ]);
  add("stack", (a, b) => tf.stack([a, b]), [
    [2, 3],
    [2, 3],
  ]);
  add("split", (x) => tf.split(x, 2, 1)[1]!, [[2, 4]]);
  add("unstack", (x) => tf.unstack(x)[1]!, [[2, 4]]);
  add("slice", (x) => tf.slice(x, [0, 1], [2, 2]), [[2, 4]]);
  add("stridedSlice", (x) => tf.stridedSlice(x, [0, 0], [2, 4], [1, 2]), [[2, 4]], { forwardOnly: true });
  add(
    "pad",
    (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 2],
      ]),
    [[2, 4]],
  );
  add(
    "mirrorPad",
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [1, 1],
        ],
        "reflect",
      ),
    [[2, 4]],
    { forwardOnly: true },
  );
  add("tile", (x) => tf.tile(x, [2, 3]), [[2, 4]]);
  add("reverse", (x) => tf.reverse(x, 1), [[2, 4]]);
  add("transpose", (x) => tf.transpose(x, [1, 2, 0]), [[2, 4, 3]]);
  add("broadcastTo", (x) => tf.broadcastTo(x, [3, 2, 4]), [[2, 4]]);
  add("expandDims, squeeze", (x) => tf.squeeze(tf.expandDims(x, 1)), [[2, 4]]);
  add(
    "spaceToBatchND",
    (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    [[1, 4, 4, 2]],
  );
  add("depthToSpace", (x: tf.Tensor4D) => tf.depthToSpace(x, 2), [[1, 4, 4, 8]], { forwardOnly: true });
  add("localResponseNormalization", (x: tf.Tensor4D) => tf.localResponseNormalization(x), [[1, 4, 4, 8]]);
  add(
    "image.cropAndResize",
    (x: tf.Tensor4D) =>
      tf.image.cropAndResize(
        x,
        tf.tensor2d([
          [0.1, 0.1, 0.8, 0.9],
          [0, 0, 1, 1],
        ]),
        ids(0, 1),
        [5, 5],
      ),
    [[2, 8, 8, 3]],
    forwardOnly,
  );
  add("image.flipLeftRight", (x: tf.Tensor4D) => tf.image.flipLeftRight(x), [[2, 8, 8, 3]], forwardOnly);
  add("argMax", (x) => tf.argMax(x, 1), [[4, 5]], forwardOnly);
  add("oneHot", () => tf.oneHot(ids(1, 0), 3), [], forwardOnly);
  add("cast", (x) => tf.cast(tf.greater(x, 0), "float32"), [[4, 5]], forwardOnly);
  add("floor", (x) => tf.floor(tf.mul(x, 8)), [[4, 5]], forwardOnly);
  add("mod", (x) => tf.mod(tf.mul(x, 8), 3), [[4, 5]], forwardOnly);
  add("sign", (x) => tf.sign(x), [[4, 5]], forwardOnly);
  add("round", (x) => tf.round(tf.mul(x, 8)), [[4, 5]], forwardOnly);
  add("all, any", (x) => tf.logicalOr(tf.all(tf.greater(x, 0), 1), tf.any(tf.greater(x, 0), 1)), [[4, 5]], forwardOnly);
  add(
    "gatherND",
    (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [2, 2],
          ],
          [2, 2],
          "int32",
        ),
      ),
    [[4, 5]],
    forwardOnly,
  );
  add(
    "scatterND",
    () => tf.scatterND(tf.tensor2d([[0], [2]], [2, 1], "int32"), tf.tensor1d([1, 2]), [4]),
    [],
    forwardOnly,
  );
  add("bincount", () => tf.bincount(ids(0, 1, 1), tf.tensor1d([]), 3), [], forwardOnly);
  add("linalg.qr", (x: tf.Tensor2D) => tf.abs(tf.linalg.qr(x)[1]), [[4, 4]], forwardOnly);
  add("confusionMatrix", () => tf.math.confusionMatrix(ids(0, 1), ids(0, 0), 2), [], forwardOnly);
  add(
    "int32 matMul",
    () =>
      tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), tf.tensor2d([7, 8, 9, 10, 11, 12], [3, 2], "int32")),
    [],
    forwardOnly,
  );
  add(
    "int32 unsortedSegmentSum",
    () =>
      tf.unsortedSegmentSum(
        tf.tensor2d(
          [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
          [3, 2],
          "int32",
        ),
        ids(1, 0, 1),
        2,
      ),
    [],
    forwardOnly,
  );
});
