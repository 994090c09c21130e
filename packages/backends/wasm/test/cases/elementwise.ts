import * as tf from "@tensorflow/tfjs-core";
import { collect } from "./case.ts";

/** One number at a time, and reductions. */
export const elementwise = collect((add) => {
  add("relu", (x) => tf.relu(x), [[4, 5]]);
  add("relu6", (x) => tf.relu6(tf.mul(x, 8)), [[4, 5]]);
  add("leakyRelu", (x) => tf.leakyRelu(x, 0.2), [[4, 5]]);
  add("elu", (x) => tf.elu(x), [[4, 5]]);
  add("selu", (x) => tf.selu(x), [[4, 5]]);
  add("prelu", (x, a) => tf.prelu(x, a), [[4, 5], [5]]);
  add("sigmoid", (x) => tf.sigmoid(x), [[4, 5]]);
  add("tanh", (x) => tf.tanh(x), [[4, 5]]);
  add("swish", (x) => tf.mul(x, tf.sigmoid(x)), [[4, 5]]);
  add("gelu", (x) => tf.mul(x, tf.add(0.5, tf.mul(0.5, tf.erf(tf.div(x, Math.SQRT2))))), [[4, 5]]);
  add("softplus", (x) => tf.softplus(x), [[4, 5]]);
  add("exp", (x) => tf.exp(x), [[4, 5]]);
  add("log", (x) => tf.log(tf.add(x, 2)), [[4, 5]]);
  add("log1p", (x) => tf.log1p(x), [[4, 5]]);
  add("sqrt", (x) => tf.sqrt(tf.add(x, 2)), [[4, 5]]);
  add("rsqrt", (x) => tf.rsqrt(tf.add(x, 2)), [[4, 5]]);
  add("square", (x) => tf.square(x), [[4, 5]]);
  add("reciprocal", (x) => tf.reciprocal(tf.add(x, 2)), [[4, 5]]);
  add("abs", (x) => tf.abs(x), [[4, 5]]);
  add("sin", (x) => tf.sin(x), [[4, 5]]);
  add("cos", (x) => tf.cos(x), [[4, 5]]);
  add("pow", (x) => tf.pow(tf.add(x, 2), 3), [[4, 5]]);
  add("clipByValue", (x) => tf.clipByValue(x, -0.5, 0.5), [[4, 5]]);
  add("minimum", (a, b) => tf.minimum(a, b), [
    [4, 5],
    [4, 5],
  ]);
  add("maximum", (a, b) => tf.maximum(a, b), [
    [4, 5],
    [4, 5],
  ]);
  add("squaredDifference", (a, b) => tf.squaredDifference(a, b), [
    [4, 5],
    [4, 5],
  ]);
  add("broadcast mul", (a, b) => tf.mul(a, b), [
    [2, 3, 4],
    [3, 1],
  ]);
  add("div", (a, b) => tf.div(a, tf.add(b, 3)), [[2, 3, 4], [4]]);
  add("addN", (a, b) => tf.addN([a, b, a]), [
    [2, 3],
    [2, 3],
  ]);

  add("max", (x) => tf.max(x, 1), [[4, 5]]);
  add("min", (x) => tf.min(x, 1), [[4, 5]]);
  add("mean", (x) => tf.mean(x, [1, 2]), [[2, 4, 5, 3]]);
  add("sum over leading axes", (x) => tf.sum(x, [0, 1]), [[4, 5, 21]]);
  add("sum over leading axes, kept", (x) => tf.sum(x, [1, 0], true), [[4, 5, 3]]);
  add("sum over inner axes", (x) => tf.sum(x, [1, 2]), [[4, 5, 3]]);
  add("clone", (x) => tf.mul(tf.clone(x), x), [[4, 5]]);
  add("sum", (x) => tf.sum(x, 0), [[4, 5]]);
  add("norm", (x) => tf.norm(x, 2, 1), [[4, 5]]);
  add("L2 normalised", (x) => tf.div(x, tf.norm(x, 2, 1, true)), [[4, 5]]);
  add("topk values", (x) => tf.topk(x, 2).values, [[4, 5]], { forwardOnly: true });
  add("cumsum", (x) => tf.cumsum(x, 1), [[2, 4]]);
});
