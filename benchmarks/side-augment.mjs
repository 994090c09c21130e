// Started by augment.mjs. Our policy, recorded, on a batch that lies on the device; drawn anew for each.
import { randomFillSync } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { node } from "@regimen/backend-node";
import { applyBatch, composePolicy, createRng, drawFor } from "@regimen/core";
import augment from "@regimen/technique-augment";
import { Rounds, skip } from "./sides/rounds.mjs";

// A part of the core that nobody installs.
const steps = await import(new URL("../packages/steps/dist/index.js", import.meta.url));

const { batch: n, side } = JSON.parse(process.argv[2]);
const backend = await node.load().catch((error) => skip(error.message));
const shape = { n, h: side, w: side, c: 3, range: [0, 255], classes: 1 };
const techniques = [];
augment.register({ technique: (technique) => techniques.push(technique) });
/** As augment.py has it: every transform on every image, the mirror on half. */
const policy = {
  mirror: { rr: 0.5 },
  rotate: { m: 0.3, rr: 1 },
  translate: { m: 0.5, rr: 1 },
  zoom: { m: 0.25, rr: 1 },
  brightness: { m: 0.4, rr: 1 },
  contrast: { m: 0.4, rr: 1 },
  saturation: { m: 0.4, rr: 1 },
  hue: { m: 0.2, rr: 1 },
  blur: { m: 0.5, rr: 1 },
};
const used = Object.entries(policy).map(([name, values]) => ({
  use: `@regimen/technique-augment/${name}`,
  with: values,
}));
const { members } = composePolicy({ steps: used }, techniques, { task: "classification", facts: [] });

let mode = "recorded";
const program = (inputs, own) => {
  const step = steps.stepFrom(inputs, { state: new steps.StageState(), own });
  return { images: applyBatch(members, steps.batchFrom(inputs, shape), step).images };
};
const repeated = new steps.Repeated(program, {
  record: backend.record,
  refused: (why) => (mode = `op by op: ${why}`),
});
const pixels = {
  images: Float32Array.from(randomFillSync(new Uint8Array(n * side * side * 3))),
  labels: new Float32Array(n),
  weights: new Float32Array(n),
  origin: new Float32Array(n),
};
const batch = steps.rowTensors(pixels, shape);
const rng = createRng(1);
const about = () => ({ version: `Node ${process.versions.node}, ${backend.device}`, mode });
const rounds = new Rounds({ batch: n, warmUp: 4, about });
for (let index = 0; ; index++) {
  const draws = drawFor(members, rng.fork(`${index}`), shape);
  const feed = steps.feedTensors({
    index,
    epoch: 0,
    progress: 0,
    rates: { default: 0 },
    seed: Int32Array.of(index, 1),
    draws,
  });
  tf.dispose([feed, repeated.run({ ...feed, ...batch })]);
  await rounds.stepDone();
}
