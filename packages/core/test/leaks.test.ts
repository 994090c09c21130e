// A thousand steps with hooks everywhere leave what they found.
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { fit, job, regimenWith, technique, uses } from "./support/jobs.ts";

/** Draws, blends and warps; looks at a state in the loss; averages, and counts tensors at the end of every step. */
const pictures = technique<{ rate: number }>({
  name: "test-pictures",
  order: { slot: "space" },
  space: { rate: { kind: "rr", range: [0, 1], default: 0.5, off: 0 } },
  create: () => ({
    draw: (rng, { n }) => ({ shift: Float32Array.from({ length: n }, () => rng.uniform()) }),
    batch: (batch, { fed }) => {
      const zeros = tf.zeros([batch.shape.n, 1]);
      const shift = tf.concat([zeros, zeros, tf.expandDims(fed["shift"]!, 1), tf.zeros([batch.shape.n, 5])], 1);
      return { ...batch, warp: tf.add(batch.warp, shift) };
    },
  }),
});
const memory = technique({
  name: "test-memory",
  create: () => ({
    batch: (batch, step) => ({
      ...batch,
      images: tf.add(batch.images, tf.mul(0.01, step.normal("n", batch.images.shape))) as Tensor4D,
    }),
    loss: (inner) => (seen, batch, step) => {
      const losses = inner(seen, batch, step) as Tensor1D;
      const mean = step.state("mean", () => tf.scalar(0));
      mean.assign(tf.add(tf.mul(mean, 0.9), tf.mul(0.1, tf.mean(losses))) as Scalar);
      step.log("mean", mean as unknown as Scalar);
      return tf.add(losses, tf.mul(0, mean)) as Tensor1D;
    },
  }),
});
const averages = (counts: number[]) =>
  technique({
    name: "test-averages",
    order: { slot: "average" },
    create: () => ({
      optimizer: (inner) => (evaluate, weights, step) => {
        const { loss, by } = inner(evaluate, weights, step);
        return { loss, by: Object.fromEntries(Object.entries(by).map(([name, move]) => [name, tf.mul(move, 0.99)])) };
      },
      average: (weights, step) =>
        Object.fromEntries(
          weights.map(({ name, variable }) => {
            const state = step.state(name, () => variable.clone());
            state.assign(tf.add(tf.mul(state, 0.99), tf.mul(variable, 0.01)) as Tensor);
            counts.push(tf.memory().numTensors);
            return [name, state];
          }),
        ),
    }),
  });

it("trains a thousand steps without keeping a tensor, in a step or after", async () => {
  const counts: number[] = [];
  const regimen = await regimenWith(pictures, memory, averages(counts));
  const before = { ...tf.memory() };
  const policy = uses("test-pictures", "test-memory", "test-averages");
  await fit(regimen, { policy, training: { ...job().training, epochs: 50, batchSize: 10, optimizer: "adam" } });
  expect(counts).toHaveLength(1000 * 4);
  // From the second epoch on (states exist then), every epoch's steps count the same.
  const epochs = Array.from({ length: 49 }, (_, epoch) => counts.slice(80 * (epoch + 1), 80 * (epoch + 2)).join());
  expect(new Set(epochs).size).toBe(1);
  const after = tf.memory();
  expect([after.numTensors, after.numDataBuffers, after.numBytes]).toEqual([
    before.numTensors,
    before.numDataBuffers,
    before.numBytes,
  ]);
});
