import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor1D } from "@tensorflow/tfjs-core";
import type { Batch, Measure, Optimizer, Shape, Step } from "@regimen/core";
import { StageState, batchFrom, feedTensors, rowTensors, stepFrom } from "@regimen/steps";

type Probe = Parameters<Measure>[0];

/** A program on one batch after another, in a drawn order, at a rate that the caller says. */
export type Loop = {
  /** Waits for the device. Numbers by the names that the program gave. */
  next(rate: number): Promise<Readonly<Record<string, number>>>;
  dispose(): void;
};

/** Runs `program` on batches of `size` images; each counts as that many forward and backward. */
export function loopOf(run: Probe, size: number, program: (batch: Batch, step: Step) => NamedTensorMap): Loop {
  const { train } = run.data;
  const shape: Shape = { ...train.format, n: size, classes: train.classes.length };
  const state = new StageState();
  const repeated = run.repeat((inputs, own) => program(batchFrom(inputs, shape), stepFrom(inputs, { state, own })), {
    trained: size,
  });
  const rng = run.rng.fork("loop").fork(size);
  let [index, order, at] = [0, rng.fork(0).permutation(train.length), 0];
  return {
    async next(rate) {
      if (at + size > order.length) [order, at] = [rng.fork(index + 1).permutation(train.length), 0];
      const rows = await train.read(order.subarray(at, at + size));
      at += size;
      const seed = rng.fork("device").fork(index).seed();
      const feed = feedTensors({ index: index++, epoch: 0, progress: 0, rates: { default: rate }, seed, draws: {} });
      const inputs = { ...feed, ...rowTensors(rows, shape) };
      try {
        const answer = repeated.run(inputs);
        const values = Object.entries(answer).map(async ([name, tensor]) => [name, (await tensor.data())[0]!] as const);
        const read = Object.fromEntries(await Promise.all(values));
        tf.dispose(answer);
        return read;
      } finally {
        tf.dispose(inputs);
      }
    },
    dispose() {
      repeated.dispose();
      state.dispose();
    },
  };
}

/** Mean loss of the training model over a batch. */
export const lossOf = ({ model }: Probe, batch: Batch, step: Step): Scalar =>
  tf.mean(model.loss(model.forward(batch.images, { training: true, step }), batch, step) as Tensor1D);

/** One update. */
export const update = (run: Probe, optimizer: Optimizer, batch: Batch, step: Step): NamedTensorMap => ({
  loss: step.minimize(() => lossOf(run, batch, step), run.model.weights, optimizer),
});
