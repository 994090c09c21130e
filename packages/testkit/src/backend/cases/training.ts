import type { Grads, Step, Weight } from "@regimen/core";
import { batchNormTrain, relu, softmaxCrossEntropy } from "@regimen/ops";
import { OPTIMIZERS } from "@regimen/optim";
import * as tf from "@tensorflow/tfjs-core";
import { collect, ids, noGradient } from "../case.ts";

/** Whole trainings in small: what optimizers make of gradients, three steps each. */
export const trainings = collect((add) => {
  for (const { name, create } of OPTIMIZERS) {
    add(
      `${name}, three steps of a network`,
      (x, ...weights) => trained(weights, (w) => loss(x as tf.Tensor4D, w), create({})),
      [[6, 6, 6, 3], [3, 3, 3, 4], [4], [4], [4, 3]],
      noGradient,
    );
  }
  add("exponential moving average", (x, y) => moved(x, y), [[4, 5], [4, 5]], noGradient); // prettier-ignore
});

/** Convolution, batch normalisation, relu, pooling, a dense layer, cross entropy. */
function loss(x: tf.Tensor4D, [filter, gamma, beta, head]: readonly tf.Tensor[]): tf.Scalar {
  const features = batchNormTrain(
    tf.conv2d(x, filter as tf.Tensor4D, 1, "same"),
    gamma as tf.Tensor1D,
    beta as tf.Tensor1D,
    1e-3,
  ).y;
  const pooled = tf.mean(tf.maxPool(relu(features) as tf.Tensor4D, 2, 2, "same"), [1, 2]) as tf.Tensor2D;
  const labels = tf.cast(tf.oneHot(ids(0, 1, 2, 0, 1, 2), 3), "float32") as tf.Tensor2D;
  return tf.mean(softmaxCrossEntropy(labels, tf.matMul(pooled, head as tf.Tensor2D)));
}

/** The weights after three steps, in a row. */
function trained(
  starts: readonly tf.Tensor[],
  loss: (weights: readonly tf.Tensor[]) => tf.Scalar,
  optimizer: ReturnType<(typeof OPTIMIZERS)[number]["create"]>,
): tf.Tensor {
  const variables = starts.map((start) => tf.variable(start));
  const states = new Map<string, tf.Variable>();
  const weights = variables.map((variable, at): Weight => ({ name: `w${at}`, variable, part: "head", role: "kernel" }));
  for (let at = 0; at < 3; at++) {
    const step = {
      index: tf.scalar(at),
      state: (name: string, initial: () => tf.Tensor) => {
        if (!states.has(name)) states.set(name, tf.variable(initial(), false));
        return states.get(name)!;
      },
    } as Pick<Step, "index" | "state"> as Step;
    const evaluate = (): Grads => {
      const { value, grads } = tf.variableGrads(() => loss(variables), variables);
      return {
        loss: value,
        by: Object.fromEntries(weights.map(({ name, variable }) => [name, grads[variable.name]!])),
      };
    };
    const { by } = optimizer(evaluate, weights, step);
    for (const { name, variable } of weights) variable.assign(tf.sub(variable, tf.mul(0.05, by[name]!)));
  }
  const all = tf.concat(variables.map((variable) => tf.reshape(variable, [variable.size])));
  tf.dispose([...variables, ...states.values()]);
  return all;
}

/** A variable that follows another value twice. */
function moved(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const average = tf.variable(x, false);
  for (let at = 0; at < 2; at++) average.assign(tf.add(tf.mul(average, 0.9), tf.mul(y, 0.1)));
  const after = tf.clone(average);
  average.dispose();
  return after;
}
