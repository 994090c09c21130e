import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient, positive, refused } from "../case.ts";

/** Many numbers to one. */
export const reductions = collect((add) => {
  for (const [name, op] of Object.entries({ sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min })) {
    add(`${name} of all`, (x) => op(x), [[3, 4, 5]]);
    add(`${name} over the last axis`, (x) => op(x, -1), [[4, 7]]);
    add(`${name} over the first axis, kept`, (x) => op(x, 0, true), [[4, 7]]);
    add(`${name} over inner axes`, (x) => op(x, [1, 2]), [[4, 5, 3]]);
    add(`${name} over many`, (x) => op(x, 1), [[3, 700]]);
  }
  add("sum over leading axes", (x) => tf.sum(x, [0, 1]), [[4, 5, 21]]);
  add("sum over leading axes, kept", (x) => tf.sum(x, [1, 0], true), [[4, 5, 3]]);
  add("sum over outer axes", (x) => tf.sum(x, [0, 3]), [[2, 3, 4, 5]]);
  add("sum of bools", (x) => tf.sum(tf.greater(x, 0), 1), [[4, 5]], noGradient);
  add("int32 sum", () => tf.sum(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), 1), [], noGradient);
  // Its gradient uses tfjs' chained ops, which only some set-ups load.
  add("prod", (x) => tf.prod(tf.add(x, 2), 1), [[4, 5]], noGradient);
  add("logSumExp", (x) => tf.logSumExp(x, 1), [[4, 7]]);
  add("logSumExp of large numbers", (x) => tf.logSumExp(tf.mul(x, 200), 1), [[4, 7]]);
  add("moments", (x) => tf.stack(Object.values(tf.moments(x, [0, 1])) as tf.Tensor[]), [[4, 5, 3]]);
  add("norm 2", (x) => tf.norm(x, 2, 1), [[4, 5]]);
  add("norm 1", (x) => tf.norm(x, 1, 1), [[4, 5]]);
  add("norm of a matrix", (x) => tf.norm(x), [[4, 5]]);
  add("L2 normalised", (x) => tf.div(x, tf.norm(x, 2, 1, true)), [[4, 5]]);
  add("cumsum", (x) => tf.cumsum(x, 1), [[2, 5]]);
  add("cumsum along axis 0", (x) => tf.cumsum(x, 0), [[5, 2]], refused);
  add("cumsum exclusive, reverse", (x) => tf.cumsum(x, 1, true, true), [[2, 5]]);
  add("cumprod", (x) => tf.cumprod(x, 1), [[2, 5]], { ...positive, ...refused });
  add("argMax", (x) => tf.argMax(x, 1), [[4, 5]], noGradient);
  add("argMax along axis 0", (x) => tf.argMax(x, 0), [[4, 5]], noGradient);
  add("argMin", (x) => tf.argMin(x, -1), [[4, 5]], noGradient);
  add("topk values", (x) => tf.topk(x, 2).values, [[4, 5]], refused);
  add("topk indices", (x) => tf.topk(x, 3).indices, [[4, 7]], noGradient);
  add("topk of many", (x) => tf.topk(x, 5).indices, [[2, 300]], noGradient);
  add("bincount", () => tf.bincount(tf.tensor1d([0, 1, 1], "int32"), tf.tensor1d([]), 3), [], noGradient);
});
