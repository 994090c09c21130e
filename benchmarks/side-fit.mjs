// Started by side-by-side.mjs. `regimen.fit` as users call it: reading, shuffling, normalisation, metrics, and the techniques of a
// policy. It trains in one go; between rounds its data keep it waiting, so that the product needs no hook for being timed. A
// step's data are asked for while the step before runs.
import { ask, countsOf, images, start, trainable, versionOf } from "./sides/ours.mjs";
import { everything } from "./sides/policy.mjs";
import { Rounds } from "./sides/rounds.mjs";

const product = await start();
const parameters = await trainable(product).then((model) => {
  const counts = countsOf(model);
  model.dispose();
  return counts;
});
const notes = [];
const about = () => ({ parameters, version: versionOf(product.regimen), mode: notes.join("; ") || "fit" });
const data = await images();
const rounds = new Rounds({ batch: ask.batch, warmUp: 4, ahead: 1, about });
let training = false;
const train = {
  ...data,
  async read(rows) {
    if (training) await rounds.stepDone();
    return data.read(rows);
  },
};
const run = product.regimen.fit({
  model: { architecture: ask.model },
  data: { train, validation: await images(64) },
  policy: ask.everything ? everything : "none",
  training: { epochs: 10_000, batchSize: ask.batch, learningRate: 0.01, optimizer: "sgd", schedule: "constant" },
});
for await (const event of run) {
  if (event.kind === "stage") training = true;
  if (event.kind === "warning") notes.push(event.message);
}
