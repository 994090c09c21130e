// A technique of your own, as a plug-in: grey noise of a strength that is fed to the step, on a share rr of the images.
import { createRegimen } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { basics, clothes, percent } from "./shared.js";

const noise = {
  name: "regimen-technique-noise",
  version: "1.0.0",
  group: "augmentation",
  paper: "folklore",
  space: {
    m: { kind: "m", range: [0, 1], default: 0.2, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "texture" },
  create: ({ m }) => ({
    draw: () => ({ strength: Float32Array.of(m * 0.3) }),
    batch(batch, step) {
      const [low, high] = batch.shape.range;
      const drawn = tf.mul(step.normal("noise", batch.images.shape), tf.mul(step.fed.strength, high - low));
      return { ...batch, images: tf.clipByValue(tf.add(batch.images, drawn), low, high) };
    },
  }),
};
const plugin = { name: noise.name, version: noise.version, register: (registry) => registry.technique(noise) };

const regimen = await createRegimen({ plugins: [...basics, plugin] });
const policy = { steps: [{ use: "regimen-technique-noise", with: { m: 0.4 } }] };
const data = await clothes(regimen);
const { model, test } = await regimen.fit({
  model: { architecture: "small-cnn" },
  data,
  policy,
  training: { epochs: 3 },
});
console.log("test error", percent(test.error));
model.dispose();
await regimen.dispose();
