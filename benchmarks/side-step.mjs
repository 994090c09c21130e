// Started by side-by-side.mjs. The bare training step: the product's model, loss, optimizer and way of repeating a step, on one
// batch that lies on the device.
import { randomFillSync } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { ask, countsOf, start, trainable, versionOf } from "./sides/ours.mjs";
import { Rounds } from "./sides/rounds.mjs";

// A part of the core that nobody installs.
const steps = await import(new URL("../packages/steps/dist/index.js", import.meta.url));

const product = await start();
const { registered, backend } = product.regimen;
const { record } = await registered.backends.find(({ name }) => name === backend.name).load();
const model = await trainable(product);
const sgd = registered.optimizers.find(({ name }) => name === "sgd").create({});
const state = new steps.StageState();
let mode = "recorded";
const repeated = new steps.Repeated(
  (inputs, own) => {
    const step = steps.stepFrom(inputs, { state, own });
    const loss = () => tf.mean(model.loss(model.forward(inputs.images, { training: true, step }), inputs, step));
    return { loss: step.minimize(loss, model.weights, sgd) };
  },
  { record, refused: (why) => (mode = `op by op: ${why}`) },
);

const [h, w, c] = ask.shape;
const rows = Array.from({ length: ask.batch }, (_, at) => at);
const inputs = {
  ...steps.feedTensors({ index: 0, progress: 0, rates: { default: 0.01 }, seed: Int32Array.of(1, 2), draws: {} }),
  images: tf.tensor4d(Float32Array.from(randomFillSync(new Uint8Array(ask.batch * h * w * c))), [ask.batch, h, w, c]),
  labels: tf.tensor2d(rows.map((row) => Array.from({ length: ask.classes }, (_, k) => +(row % ask.classes === k)))),
};
const about = () => ({ parameters: countsOf(model), version: versionOf(product.regimen), mode });
const rounds = new Rounds({ batch: ask.batch, warmUp: 4, about });
for (;;) {
  tf.dispose(repeated.run(inputs));
  await rounds.stepDone();
}
