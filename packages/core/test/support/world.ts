// A small world for the core's own tests: a scaffold of few lines, two classes that a line tells apart, toy techniques.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import {
  createRng,
  type Answer,
  type Forward,
  type MetaLearner,
  type Plugin,
  type Samples,
  type Scaffold,
  type ScaffoldModel,
  type Technique,
  type Weight,
} from "@regimen/core";

export const H = 4;

/** Bright left half or bright right half, with noise: any small model learns it. */
export function samples(count: number, seed = 1, noise = 60, name = "halves"): Samples {
  const rng = createRng(seed).fork(name);
  const images = new Uint8Array(count * H * H);
  const labels = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const right = rng.int(2);
    labels[2 * i + right] = 1;
    for (let p = 0; p < H * H; p++) {
      const bright = p % H >= H / 2 === (right === 1);
      images[i * H * H + p] = Math.max(0, Math.min(255, (bright ? 150 : 105) + noise * rng.normal()));
    }
  }
  return {
    name,
    length: count,
    format: { h: H, w: H, c: 1, range: [0, 255] },
    classes: ["left", "right"],
    skipped: [],
    labels: () => labels,
    id: (row) => `${name}/${row}.png`,
    read: async (rows) => {
      const out = new Uint8Array(rows.length * H * H);
      for (let i = 0; i < rows.length; i++)
        out.set(images.subarray(rows[i]! * H * H, (rows[i]! + 1) * H * H), i * H * H);
      return { images: out };
    },
    dispose: () => undefined,
  };
}

export function model(units = 4, seeds?: () => number): tfl.LayersModel {
  const kernelInitializer = () => tfl.initializers.glorotUniform(seeds ? { seed: seeds() } : {});
  return tfl.sequential({
    name: "tiny",
    layers: [
      tfl.layers.rescaling({ scale: 1 / 64, offset: -2, inputShape: [H, H, 1], name: "scale" }),
      tfl.layers.flatten({ name: "flat" }),
      tfl.layers.dense({ units, activation: "tanh", name: "hidden", kernelInitializer: kernelInitializer() }),
      tfl.layers.dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: kernelInitializer() }),
    ],
  });
}

const roleOf = (name: string): Weight["role"] => (name.endsWith("kernel") ? "kernel" : "bias");

/** Takes any Sequential that ends in a softmax; no rewrites. */
export const scaffold: Scaffold = {
  name: "test-scaffold",
  version: "0.0.0",
  tasks: ["classification"],
  meter: () => {
    const kept: { outputs: Tensor; labels: Tensor }[] = [];
    return {
      add: ({ outputs }, { labels }) =>
        void kept.push({ outputs: tf.keep(outputs.clone()), labels: tf.keep(labels.clone()) }),
      read: async () => {
        const logits = tf.concat(
          kept.map(({ outputs }) => outputs as Tensor2D),
          0,
        );
        const labels = tf.concat(
          kept.map(({ labels }) => labels as Tensor2D),
          0,
        );
        const losses = tf.tidy(() => tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)));
        const wrong = tf.tidy(() =>
          tf.mean(tf.cast(tf.notEqual(tf.argMax(logits, 1), tf.argMax(labels, 1)), "float32")),
        );
        const probabilities = tf.tidy(() => tf.softmax(logits));
        const found = {
          losses: (await losses.data()) as Float32Array,
          error: (await wrong.data())[0]!,
          outputs: (await probabilities.data()) as Float32Array,
        };
        tf.dispose([
          logits,
          labels,
          losses,
          wrong,
          probabilities,
          ...kept.map(({ outputs }) => outputs),
          ...kept.map((k) => k.labels),
        ]);
        const loss = found.losses.reduce((sum, value) => sum + value, 0) / found.losses.length;
        return { score: { error: found.error, loss, ece: null }, losses: found.losses, outputs: found.outputs };
      },
    };
  },
  async wrap(user, { format }) {
    const json = user.toJSON(null, false) as unknown as Parameters<typeof tfl.models.modelFromJSON>[0];
    const own = await tfl.models.modelFromJSON(json);
    own.setWeights(user.getWeights());
    const weights = own.weights.map((weight): Weight => {
      const variable = (weight as unknown as { val: tf.Variable }).val;
      return {
        name: weight.originalName,
        variable,
        part: weight.originalName.startsWith("head") ? "head" : "backbone",
        role: roleOf(weight.originalName),
      };
    });
    const wrapped: ScaffoldModel = {
      format,
      weights,
      parameters: own.countParams(),
      facts: ["tiny"],
      forward: (images: Tensor4D): Forward => {
        const probabilities = own.apply(images, { training: true }) as Tensor2D;
        return { features: probabilities, outputs: tf.log(tf.maximum(probabilities, 1e-9)), maps: [] };
      },
      loss: ({ outputs }, { labels }) => tf.neg(tf.sum(tf.mul(labels, outputs), 1)) as Tensor1D,
      decode: ({ outputs }) => ({ probabilities: tf.softmax(outputs as Tensor2D) }),
      plain: async () => {
        const plain = await tfl.models.modelFromJSON(json);
        plain.setWeights(own.getWeights());
        return plain;
      },
      dispose: () => void own.dispose(),
    };
    return wrapped;
  },
};

/** Adds noise of standard deviation 255·m: a stand-in for an augmentation. */
export const noise: Technique<{ m: number; rr: number }> = {
  name: "test-noise",
  version: "1.0.0",
  group: "augmentation",
  paper: "none",
  space: {
    m: { kind: "m", range: [0, 1], default: 0.1, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
  },
  order: { slot: "texture" },
  create: ({ m }) => ({
    draw: () => ({ m: Float32Array.of(m) }),
    batch: (batch, step) => ({
      ...batch,
      images: tf.add(
        batch.images,
        tf.mul(step.normal("noise", batch.images.shape), tf.mul(255, step.fed["m"]!)),
      ) as Tensor4D,
    }),
  }),
};

/** Replaces every label by its opposite for a share rr: harmful. */
export const liar: Technique<{ rr: number }> = {
  name: "test-liar",
  version: "1.0.0",
  group: "label",
  paper: "none",
  space: { rr: { kind: "rr", range: [0, 1], default: 0.9, off: 0 } },
  order: { slot: "label" },
  create: () => ({ batch: (batch) => ({ ...batch, labels: tf.sub(1, batch.labels) as Tensor2D }) }),
};

export const plugin = (register: Plugin["register"] = () => undefined): Plugin => ({
  name: "test-plugin",
  version: "1.0.0",
  register: (registry) => {
    registry.scaffold(scaffold);
    registry.architecture({ name: "tiny", about: "one hidden layer", build: ({ seeds }) => model(4, seeds) });
    registry.technique(noise);
    registry.technique(liar);
    register(registry);
  },
});

type ListState = {
  at: number;
  of: number;
  best: number | null;
  loss: number;
  until: number;
  seed: number;
  policies: { steps: { use: string; with: { [key: string]: number } }[] }[];
};
/** Tries a list of policies, each for a quarter of a plain run. */
export const list = (policies: ListState["policies"]): MetaLearner<ListState> => ({
  name: "list",
  claims: () => true,
  init: (problem) => ({
    at: 0,
    of: policies.length,
    best: null,
    loss: 1e9,
    until: problem.plain.trained / 4,
    seed: problem.seed,
    policies,
  }),
  ask: (s) =>
    s.at < s.of
      ? [
          {
            kind: "trial",
            id: `t${s.at}`,
            policy: s.policies[s.at]!,
            until: s.until,
            horizon: s.until,
            keep: `k${s.at}`,
            seed: s.seed,
          },
          { ...s, at: s.at + 1 },
        ]
      : [{ kind: "done", ok: true }, s],
  tell: (s, answer: Answer) =>
    answer.score && answer.score.loss < s.loss ? { ...s, loss: answer.score.loss, best: s.at - 1 } : s,
  best: (s) => (s.best === null ? { steps: [] } : s.policies[s.best]!),
});
