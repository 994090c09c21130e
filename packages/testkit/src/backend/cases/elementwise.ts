import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient, positive, refused } from "../case.ts";

/** Activations of a user's models, pieces and all. */
export const activations = collect((add) => {
  add("relu", (x) => tf.relu(x), [[4, 5]]);
  add("relu6", (x) => tf.relu6(tf.mul(x, 8)), [[4, 5]]);
  add("leakyRelu", (x) => tf.leakyRelu(x, 0.2), [[4, 5]]);
  add("elu", (x) => tf.elu(x), [[4, 5]]);
  add("selu", (x) => tf.selu(x), [[4, 5]]);
  add("prelu", (x, a) => tf.prelu(x, a), [[4, 5], [5]]);
  add("prelu on images", (x, a) => tf.prelu(x, a), [
    [2, 3, 3, 4],
    [1, 1, 4],
  ]);
  add("sigmoid", (x) => tf.sigmoid(x), [[4, 5]]);
  add("sigmoid far out", (x) => tf.sigmoid(tf.mul(x, 60)), [[4, 5]]);
  add("logSigmoid", (x) => tf.logSigmoid(x), [[4, 5]]);
  add("hardSigmoid", (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1), [[4, 5]]);
  add("hardSwish", (x) => tf.mul(x, tf.div(tf.relu6(tf.add(tf.mul(x, 4), 3)), 6)), [[4, 5]]);
  add("tanh", (x) => tf.tanh(x), [[4, 5]]);
  add("tanh far out", (x) => tf.tanh(tf.mul(x, 60)), [[4, 5]]);
  add("swish", (x) => tf.mul(x, tf.sigmoid(x)), [[4, 5]]);
  add("mish", (x) => tf.mul(x, tf.tanh(tf.softplus(x))), [[4, 5]]);
  add("gelu", (x) => tf.mul(x, tf.add(0.5, tf.mul(0.5, tf.erf(tf.div(x, Math.SQRT2))))), [[4, 5]]);
  add(
    "gelu by tanh",
    (x) => tf.mul(x, tf.add(0.5, tf.mul(0.5, tf.tanh(tf.mul(0.79788456, tf.add(x, tf.mul(0.044715, tf.pow(x, 3)))))))),
    [[4, 5]],
  );
  add("softplus", (x) => tf.softplus(x), [[4, 5]]);
  add("softplus far out", (x) => tf.softplus(tf.mul(x, 60)), [[4, 5]]);
  add("softsign", (x) => tf.div(x, tf.add(1, tf.abs(x))), [[4, 5]]);
  add("step", (x) => tf.step(x, 0.25), [[4, 5]], noGradient);
});

/** One number at a time, and two with broadcasting. */
export const arithmetic = collect((add) => {
  add("neg", (x) => tf.neg(x), [[4, 5]]);
  add("abs", (x) => tf.abs(x), [[4, 5]]);
  add("square", (x) => tf.square(x), [[4, 5]]);
  add("exp", (x) => tf.exp(x), [[4, 5]]);
  add("expm1", (x) => tf.expm1(x), [[4, 5]]);
  add("log", (x) => tf.log(tf.add(x, 0.5)), [[4, 5]], positive);
  add("log1p", (x) => tf.log1p(x), [[4, 5]], positive);
  add("sqrt", (x) => tf.sqrt(tf.add(x, 0.5)), [[4, 5]], positive);
  add("rsqrt", (x) => tf.rsqrt(tf.add(x, 0.5)), [[4, 5]], positive);
  add("reciprocal", (x) => tf.reciprocal(tf.add(x, 0.5)), [[4, 5]], positive);
  add("sin", (x) => tf.sin(x), [[4, 5]]);
  add("cos", (x) => tf.cos(x), [[4, 5]]);
  add("tan", (x) => tf.tan(x), [[4, 5]]);
  add("asin", (x) => tf.asin(tf.mul(x, 0.9)), [[4, 5]]);
  add("acos", (x) => tf.acos(tf.mul(x, 0.9)), [[4, 5]]);
  add("atan", (x) => tf.atan(x), [[4, 5]]);
  add("atan2", (y, x) => tf.atan2(y, tf.add(x, 2)), [
    [4, 5],
    [4, 5],
  ]);
  add("sinh", (x) => tf.sinh(x), [[4, 5]]);
  add("cosh", (x) => tf.cosh(x), [[4, 5]]);
  add("asinh", (x) => tf.asinh(x), [[4, 5]]);
  add("acosh", (x) => tf.acosh(tf.add(x, 1.5)), [[4, 5]], positive);
  add("atanh", (x) => tf.atanh(tf.mul(x, 0.9)), [[4, 5]]);
  add("erf", (x) => tf.erf(x), [[4, 5]]);
  add("pow by a number", (x) => tf.pow(tf.add(x, 2), 3), [[4, 5]]);
  add("pow by a tensor", (x, y) => tf.pow(tf.add(x, 0.5), y), [[4, 5], [5]], positive);
  add("clipByValue", (x) => tf.clipByValue(x, -0.5, 0.5), [[4, 5]]);
  for (const shapes of [
    [
      [4, 5],
      [4, 5],
    ],
    [
      [2, 3, 4],
      [3, 1],
    ],
    [[2, 3, 3, 4], [4]],
    [
      [2, 3, 3, 4],
      [2, 1, 1, 1],
    ],
    [
      [2, 1, 3, 1, 2],
      [1, 2, 1, 3, 1],
    ],
    [[], [3, 2]],
  ]) {
    const of = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
    add(`add ${of}`, (a, b) => tf.add(a, b), shapes);
    add(`sub ${of}`, (a, b) => tf.sub(a, b), shapes);
    add(`mul ${of}`, (a, b) => tf.mul(a, b), shapes);
    add(`div ${of}`, (a, b) => tf.div(a, tf.add(b, 3)), shapes);
  }
  for (const [name, op] of Object.entries({
    minimum: tf.minimum,
    maximum: tf.maximum,
    squaredDifference: tf.squaredDifference,
  })) {
    const same = [
      [4, 5],
      [4, 5],
    ];
    add(name, (a, b) => op(a, b), same);
    add(`${name}, broadcast`, (a, b) => op(a, b), [[4, 5], [5]], refused);
  }
  add("addN", (a, b) => tf.addN([a, b, a]), [
    [2, 3],
    [2, 3],
  ]);
  add("clone", (x) => tf.mul(tf.clone(x), x), [[4, 5]]);
  add("many elements", (x) => tf.mul(tf.add(x, 1), x), [[9_001]]);
});

/** What has no gradient worth the name. */
export const discrete = collect((add) => {
  add("floor", (x) => tf.floor(tf.mul(x, 8)), [[4, 5]], noGradient);
  add("ceil", (x) => tf.ceil(tf.mul(x, 8)), [[4, 5]], noGradient);
  add("round", (x) => tf.round(tf.mul(x, 8)), [[4, 5]], noGradient);
  add("mod", (x) => tf.mod(tf.mul(x, 8), 3), [[4, 5]], noGradient);
  add("int32 floorDiv", () => tf.floorDiv(ids5(), tf.scalar(3, "int32")), [], noGradient);
  add("sign", (x) => tf.sign(x), [[4, 5]], noGradient);
  add("isNaN, isInf, isFinite", () => tf.stack([tf.isNaN(odd()), tf.isInf(odd()), tf.isFinite(odd())]), [], noGradient);
  add("where of NaN", () => tf.where(tf.isNaN(odd()), tf.zerosLike(odd()), odd()), [], noGradient);
  for (const [name, op] of Object.entries({
    greater: tf.greater,
    greaterEqual: tf.greaterEqual,
    less: tf.less,
    lessEqual: tf.lessEqual,
    equal: tf.equal,
    notEqual: tf.notEqual,
  })) {
    add(name, (x, y) => op(tf.round(tf.mul(x, 2)), tf.round(tf.mul(y, 2))), [[4, 5], [5]], noGradient);
    add(`int32 ${name}`, () => op(ids5(), tf.scalar(2, "int32")), [], noGradient);
  }
  add(
    "logicalAnd, Or, Not, Xor",
    (x, y) => {
      const [a, b] = [tf.greater(x, 0), tf.greater(y, 0)];
      return tf.stack([tf.logicalAnd(a, b), tf.logicalOr(a, b), tf.logicalNot(a), tf.logicalXor(a, b)]);
    },
    [[4, 5], [5]],
    noGradient,
  );
  add("all, any", (x) => tf.stack([tf.all(tf.greater(x, 0), 1), tf.any(tf.greater(x, 0), 1)]), [[4, 2]], noGradient);
  add("cast to float", (x) => tf.cast(tf.greater(x, 0), "float32"), [[4, 5]], noGradient);
  add("cast to int", (x) => tf.cast(tf.mul(x, 8), "int32"), [[4, 5]], noGradient);
  add("cast to bool", (x) => tf.cast(tf.relu(x), "bool"), [[4, 5]], noGradient);
  add("int32 arithmetic", () => tf.add(tf.mul(ids5(), tf.scalar(7, "int32")), tf.neg(ids5())), [], noGradient);
  add("int32 wraps around", () => tf.add(tf.scalar(2 ** 31 - 1, "int32"), ids5()), [], noGradient);
  add("int32 beyond 24 bits", () => tf.sub(tf.mul(large(), tf.scalar(3, "int32")), large()), [], noGradient);
  add("int32 beyond 24 bits, sliced", () => tf.slice(large(), 1, 2), [], noGradient);
  add("int32 minimum, maximum", () => tf.maximum(tf.minimum(ids5(), tf.scalar(2, "int32")), ids5()), [], noGradient);
  add(
    "range, linspace, fill, eye",
    () => tf.concat([tf.range(0, 5, 2), tf.linspace(0, 1, 4), tf.fill([2], 3), tf.reshape(tf.eye(2), [4])]),
    [],
    noGradient,
  );
});

const ids5 = (): tf.Tensor1D => tf.tensor1d([-7, -1, 0, 2, 9], "int32");
const large = (): tf.Tensor1D => tf.tensor1d([123456789, -987654321, 2 ** 31 - 1], "int32");
const odd = (): tf.Tensor1D => tf.tensor1d([0, NaN, -Infinity, 3, Infinity]);
