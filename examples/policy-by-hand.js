// A policy by hand: readable JSON, the same that a search writes. `regimen fit --policy FILE` does this from a shell.
import { createRegimen } from "@regimen/core";
import augment from "@regimen/technique-augment";
import smoothing from "@regimen/technique-label-smoothing";
import decay from "@regimen/technique-weight-decay";
import { basics, clothes, percent } from "./shared.js";

const policy = {
  format: 1,
  name: "by-hand",
  engine: "0.1.0",
  seed: 3,
  train: { epochs: 3, batchSize: 32, learningRate: 0.002, optimizer: "adam", schedule: "one-cycle" },
  steps: [
    { use: "@regimen/technique-augment/mirror", version: "0.1.0", with: { rr: 0.5 } },
    { use: "@regimen/technique-augment/translate", version: "0.1.0", with: { m: 0.3, rr: 0.7 } },
    { use: "@regimen/technique-label-smoothing", version: "0.1.0", with: { epsilon: 0.05 } },
    { use: "@regimen/technique-weight-decay", version: "0.1.0", with: { lambda: 1e-4 } },
  ],
};

const regimen = await createRegimen({ plugins: [...basics, augment, smoothing, decay] });
const data = await clothes(regimen);
const { model, test } = await regimen.fit({ model: { architecture: "small-cnn" }, data, policy });
console.log("test error", percent(test.error));
model.dispose();

// What is not installed is said, with the command that mends it.
const missing = { ...policy, steps: [{ use: "@regimen/technique-cutmix", version: "0.1.0", with: {} }] };
await regimen.fit({ model: { architecture: "small-cnn" }, data, policy: missing }).then(undefined, (error) => {
  console.log(error.message);
});
await regimen.dispose();
