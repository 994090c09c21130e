import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor1D, Tensor4D, Variable } from "@tensorflow/tfjs-core";
import { RegimenError, type ScaffoldModel, type Source, type Weight } from "@regimen/contracts";
import type { Repeating } from "@regimen/steps";
import { forEachBatch } from "./evaluate.ts";

/** Mean over the batch by the weights of its examples; one number is left as it is. Errors: REG_HOOK. */
export function weighted(losses: Tensor1D | Scalar, weights: Tensor1D): Scalar {
  if (losses.rank === 0) return losses as Scalar;
  if (!tf.util.arraysEqual(losses.shape, weights.shape))
    throw new RegimenError(
      "REG_HOOK",
      `a loss hook gave losses of shape [${losses.shape}]; expected one an example, [${weights.shape}], or one number`,
    );
  return tf.div(tf.sum(tf.mul(losses, weights)), tf.maximum(tf.sum(weights), 1e-12));
}

/** Puts averages in the weights' place for good. */
export function settleAverage(weights: readonly Weight[], of: Readonly<Record<string, Variable>>): void {
  for (const { name, variable } of weights) if (of[name]) variable.assign(tf.clone(of[name]));
}
/** Runs `work` with the averages in the weights' place. */
export async function averaged<T>(
  weights: readonly Weight[],
  of: Readonly<Record<string, Variable>>,
  work: () => Promise<T>,
): Promise<T> {
  const held = weights.filter(({ name }) => of[name]).map(({ variable }) => [variable, variable.clone()] as const);
  tf.tidy(() => settleAverage(weights, of));
  try {
    return await work();
  } finally {
    for (const [variable, copy] of held) {
      variable.assign(copy);
      copy.dispose();
    }
  }
}

/** By name: a frozen layer's weights are statistics too, since no gradient reaches them. */
export const statisticsOf = ({ weights }: ScaffoldModel): readonly Weight[] =>
  weights.filter(({ name }) => /\/moving_(mean|variance)$/.test(name));

/** Moving statistics anew: the mean of the batches' own statistics over a source, by forward passes alone. */
export async function settle(model: ScaffoldModel, on: Source, repeating: Repeating): Promise<void> {
  const statistics = statisticsOf(model);
  const sums = statistics.map(({ variable }) => tf.tidy(() => tf.variable(tf.zerosLike(variable), false)));
  await forEachBatch(
    on,
    ({ images }) => {
      model.forward(images as Tensor4D, { training: true, statistics: "replace" });
      // By images, since the last batch may be of one.
      const share = images!.shape[0]! / on.length;
      statistics.forEach(({ variable }, at) => sums[at]!.assign(tf.add(sums[at]!, tf.mul(variable, share))));
      return {};
    },
    () => undefined,
    repeating,
  );
  statistics.forEach(({ variable }, at) => tf.tidy(() => variable.assign(tf.clone(sums[at]!))));
  for (const sum of sums) sum.dispose();
}
