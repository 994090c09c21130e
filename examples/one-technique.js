// One technique through the API: the same short training without and with mixup.
import { createRegimen } from "@regimen/core";
import mixup from "@regimen/technique-mixup";
import { basics, clothes, percent } from "./shared.js";

const regimen = await createRegimen({ plugins: [...basics, mixup] });
const job = {
  model: { architecture: "small-cnn" },
  data: await clothes(regimen),
  training: { epochs: 3 },
  seed: 1,
};
for (const policy of ["none", { steps: [{ use: "@regimen/technique-mixup", with: { alpha: 0.2 } }] }]) {
  const { model, test } = await regimen.fit({ ...job, policy });
  console.log(policy === "none" ? "plain " : "mixup ", "test error", percent(test.error));
  model.dispose(); // what a job returns is yours
}
await regimen.dispose();
