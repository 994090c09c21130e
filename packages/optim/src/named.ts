import type { NamedOptimizer, Optimizer, Params, Space, SpaceOf, Step, Weight } from "@regimen/contracts";
import { defaultsOf } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import type { Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";

/** The direction of one weight, from its gradient. */
type Rule = (gradient: Tensor, weight: Weight) => Tensor;

/** An optimizer that treats each weight on its own; `begin` is called once a step. What `params` lacks is at its default. */
export function named<P extends Params>(
  name: string,
  space: SpaceOf<P> & Space,
  begin: (params: P, weights: readonly Weight[], step: Step) => Rule,
): NamedOptimizer {
  return {
    name,
    space,
    create: (params) => weightwise((weights, step) => begin({ ...defaultsOf(space), ...params } as P, weights, step)),
  };
}

/** State goes by the weight's own name: an index would shift where a gradient is missing. */
function weightwise(begin: (weights: readonly Weight[], step: Step) => Rule): Optimizer {
  return (evaluate, weights, step) => {
    const { loss, by } = evaluate();
    const direct = begin(weights, step);
    const directions = weights.flatMap((weight) => {
      const gradient = by[weight.name];
      return gradient ? [[weight.name, direct(gradient, weight)] as const] : [];
    });
    return { loss, by: Object.fromEntries(directions) };
  };
}

/** state ← decay · state + value, which is returned. */
export function moving(state: Variable, decay: number, value: Tensor): Tensor {
  const next = tf.add(tf.mul(state, decay), value);
  state.assign(next);
  return next;
}

/** x + λw; x itself where λ is 0. */
export const decayed = (x: Tensor, lambda: number, { variable }: Weight): Tensor =>
  lambda === 0 ? x : tf.add(x, tf.mul(lambda, variable));

export const norm = (x: Tensor): Scalar => tf.sqrt(tf.sum(tf.square(x)));

/** `ratio` scales x where both norms are above 0; elsewhere x stays as it is. */
export const scaledWhere = (x: Tensor, ratio: Tensor, ...norms: readonly [Scalar, Scalar]): Tensor =>
  tf.mul(x, tf.where(tf.logicalAnd(tf.greater(norms[0], 0), tf.greater(norms[1], 0)), ratio, tf.scalar(1)));
