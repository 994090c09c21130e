import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Variable } from "@tensorflow/tfjs-core";
import type { Grads, Optimizer, Step, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** How many steps make an update is fed, so that one recorded step serves all. `steps`: [1]. */
export const drawAccumulation = (steps: number) => ({ steps: Float32Array.of(steps) });

/**
 * One update of `inner` with the mean of the gradients of k steps, at the k-th. A recorded step has no branches: `inner` works
 * at every step, on the mean so far, and what it gives and keeps is taken back where no update is due. `fed`: `steps` [1].
 */
export const accumulated =
  (inner: Optimizer): Optimizer =>
  (evaluate, weights, step) => {
    const done = step.state("steps", () => tf.scalar(0));
    const count = tf.add(done, 1);
    const due = tf.greaterEqual(count, tf.reshape(step.fed["steps"]!, []));
    const none = (value: Tensor): Tensor => tf.where(due, tf.zerosLike(value), value);
    let passes = 0;
    const mean = ({ loss, by }: Grads): Grads => {
      // A sum for each pass: an inner optimizer may ask for gradients in several places.
      const pass = passes++;
      const means = Object.entries(by).map(([name, gradient]) => {
        const sum = step.state(`sum/${pass}/${name}`, () => tf.zerosLike(gradient));
        const next = tf.add(sum, gradient);
        sum.assign(none(next));
        return [name, tf.div(next, count)] as const;
      });
      return { loss, by: Object.fromEntries(means) };
    };
    const kept = new Map<Variable, Tensor>();
    const { loss, by } = inner((how) => mean(evaluate(how)), weights, watched(step, kept));
    for (const [state, before] of kept) {
      state.assign(tf.where(due, state, before) as Tensor);
      before.dispose();
    }
    done.assign(none(count));
    const directions = Object.entries(by).map(
      ([name, direction]) => [name, tf.where(due, direction, tf.zerosLike(direction))] as const,
    );
    return { loss, by: Object.fromEntries(directions) };
  };

/** The step; `kept` gets every state that is asked for, as it was. */
const watched = (step: Step, kept: Map<Variable, Tensor>): Step => ({
  ...step,
  state: (name, initial) => {
    const state = step.state(name, initial);
    // Kept, since it may be asked for within a tidy of the inner optimizer's.
    if (!kept.has(state)) kept.set(state, tf.keep(tf.clone(state)));
    return state;
  },
  of: (name) => watched(step.of(name), kept),
});

/** Gradient accumulation, around any optimizer. */
export const accumulation: Technique<{ steps: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "optimization",
  prior: 0.05,
  paper: "Goyal et al. 2017, Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, arXiv:1706.02677",
  space: { steps: { kind: "value", range: [2, 64], scale: "integer", default: 4, off: 1 } },
  // Around all that belongs to an update.
  order: { slot: "update", after: ["@regimen/technique-weight-decay", "@regimen/technique-lookahead"] },
  create: ({ steps }) => ({
    draw: () => drawAccumulation(steps),
    optimizer: accumulated,
  }),
};
