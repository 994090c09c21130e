// Your own model: any tf.LayersModel. Regimen trains it and hands back the same architecture, which takes raw pixels.
import { createRegimen } from "@regimen/core";
import * as tfl from "@tensorflow/tfjs-layers";
import { basics, clothes, percent } from "./shared.js";

const regimen = await createRegimen({ plugins: basics });
const model = tfl.sequential({
  layers: [
    tfl.layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, activation: "relu", inputShape: [28, 28, 1] }),
    tfl.layers.flatten(),
    tfl.layers.dropout({ rate: 0.2 }),
    tfl.layers.dense({ units: 10, activation: "softmax" }),
  ],
});

// { model, weights: "keep" } would go on from its weights; "fresh" draws new ones from the seed.
const running = regimen.fit({
  model: { model, weights: "fresh" },
  data: await clothes(regimen),
  policy: "none",
  training: { epochs: 3 },
});
for await (const event of running)
  if (event.kind === "epoch")
    console.log(`epoch ${event.epoch}/${event.epochs}`, `validation loss ${event.logs.val_loss.toFixed(3)}`);
const { model: trained, test } = await running;
console.log("test error", percent(test.error));
console.log("layers", trained.layers.map((layer) => layer.getClassName()).join(" → "));
trained.dispose();
model.dispose();
await regimen.dispose();
