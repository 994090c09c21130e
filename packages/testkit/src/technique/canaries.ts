import * as tf from "@tensorflow/tfjs-core";
import { SLOTS, type Grads, type Hooks, type Slot, type Technique, type Weight } from "@regimen/core";
import { SHAPE } from "./world.ts";

/** Part of an outcome that a canary changes. */
export type Trace = "images" | "labels" | "losses" | "weights" | "averages";

const { n, c } = SHAPE;

/** Every direction, and a share of the weight itself. */
const pulled = ({ loss, by }: Grads, weights: readonly Weight[], share: number): Grads => ({
  loss,
  by: Object.fromEntries(
    weights.flatMap(({ name, variable }) => (by[name] ? [[name, tf.add(by[name], tf.mul(variable, share))]] : [])),
  ),
});

/** Small changes, one a slot, each of which shows in the outcome. Those of a whole training show in no step. */
const HOOKS: Readonly<Partial<Record<Slot, { readonly trace: Trace; readonly hooks: () => Hooks }>>> = {
  space: {
    trace: "images",
    hooks: () => ({
      batch: (batch) => ({
        ...batch,
        warp: tf.add(batch.warp, tf.tile(tf.tensor2d([[0, 0, 1, 0, 0, 0, 0, 0]]), [n, 1])),
      }),
    }),
  },
  colour: {
    trace: "images",
    hooks: () => ({
      batch: (batch) => {
        const offset = tf.tile(tf.tensor3d([Array.from({ length: c }, () => [...Array<number>(c).fill(0), 0.05])]), [
          n,
          1,
          1,
        ]);
        return { ...batch, colour: tf.add(batch.colour, offset) };
      },
    }),
  },
  texture: { trace: "images", hooks: () => ({ batch: (batch) => ({ ...batch, images: tf.add(batch.images, 1) }) }) },
  mix: { trace: "images", hooks: () => ({ batch: (batch) => ({ ...batch, images: tf.mul(batch.images, 0.9) }) }) },
  label: {
    trace: "labels",
    hooks: () => ({ batch: (batch) => ({ ...batch, labels: tf.add(tf.mul(batch.labels, 0.8), 0.05) }) }),
  },
  topology: {
    trace: "losses",
    hooks: () => ({
      rewrite: (topology) =>
        topology.insert(
          { from: topology.features },
          { className: "Activation", config: { name: "canary", activation: "tanh" } },
        ),
    }),
  },
  objective: {
    trace: "losses",
    hooks: () => ({ loss: (inner) => (seen, batch, step) => tf.mul(inner(seen, batch, step), 1.5) }),
  },
  // Not a mere factor: an optimizer that looks at directions alone would not show it.
  gradient: {
    trace: "weights",
    hooks: () => ({
      optimizer: (inner) => (evaluate, weights, step) =>
        inner((how) => pulled(evaluate(how), weights, 0.1), weights, step),
    }),
  },
  update: {
    trace: "weights",
    hooks: () => ({
      optimizer: (inner) => (evaluate, weights, step) => pulled(inner(evaluate, weights, step), weights, 0.2),
    }),
  },
  average: {
    trace: "averages",
    hooks: () => ({
      average: (weights, step) =>
        Object.fromEntries(
          weights.map(({ name, variable }) => {
            const kept = step.state(name, () => tf.clone(variable));
            kept.assign(tf.add(tf.mul(kept, 0.5), tf.mul(variable, 0.5)));
            return [name, kept];
          }),
        ),
    }),
  },
};
/** The middleware of a whole training, which changes nothing. */
const passing = (): Hooks => ({ train: (_, next) => next({ name: "canary" }) });

export type Canary = { readonly slot: Slot; readonly trace: Trace | undefined; readonly technique: Technique };

/** One canary for each slot; its name sorts it before every other technique of the slot. */
export const canaries: readonly Canary[] = SLOTS.map((slot) => ({
  slot,
  trace: HOOKS[slot]?.trace,
  technique: {
    name: `!canary/${slot}`,
    version: "1.0.0",
    group: "canary",
    paper: "none",
    space: {},
    order: { slot },
    create: HOOKS[slot]?.hooks ?? (slot === "sample" ? () => ({ sample: (inner) => inner }) : passing),
  },
}));
