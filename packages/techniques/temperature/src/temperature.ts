import {
  RegimenError,
  addCost,
  zeroCost,
  type Run,
  type Technique,
  type Train,
  type Trained,
  type Weight,
} from "@regimen/core";
import { fitTemperature } from "@regimen/stats";
import * as tf from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };

/**
 * logits / T = (W / T) f + b / T: the head's kernel and bias are divided by `temperature`.
 * Errors: REG_MODEL_UNSUPPORTED where the head is not one layer of a kernel and at most one bias.
 */
export function divideLogits(weights: readonly Weight[], temperature: number): void {
  const head = weights.filter(({ part }) => part === "head");
  const ends = head.map(({ name }) => name.slice(name.lastIndexOf("/") + 1));
  if (!["kernel", "kernel,bias"].includes(String(ends)))
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found a head of the weights ${head.map(({ name }) => name).join(", ") || "(none)"}; expected one kernel and at most one bias; leave temperature scaling out`,
    );
  tf.tidy(() => {
    for (const { variable } of head) variable.assign(tf.div(variable, temperature));
  });
}

/** Trains, fits the temperature on the validation images, and hands the model on with it in its head. */
async function calibrated(run: Run, next: Train): Promise<Trained> {
  const { validation } = run.data;
  const trained = await next({ name: "fit" });
  try {
    const { columns } = await run.table("validation", trained.model, validation, ({ outputs }) => ({
      logits: outputs,
    }));
    const labels = validation.labels()!;
    const temperature = fitTemperature(columns["logits"]!.values, labels, validation.classes.length);
    const plain = await trained.model.plain();
    const model = await run.scaffold(plain, { normalize: false }).finally(() => plain.dispose());
    try {
      divideLogits(model.weights, temperature);
      const score = await run.score(model, validation);
      const ece = { "val_ece before": trained.score.ece, "val_ece after": score.ece };
      const told = Object.entries(ece).flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
      run.log({ temperature, ...Object.fromEntries(told) });
      const cost = addCost(trained.cost, { ...zeroCost, inferred: 2 * validation.length });
      return { model, snapshot: await run.snapshot("calibrated", model.weights), score, cost };
    } catch (error) {
      model.dispose();
      throw error;
    }
  } finally {
    trained.model.dispose();
  }
}

/** Confidence that fits, by one number. */
export const temperature: Technique<{ on: boolean }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.3,
  group: "calibration",
  paper: "Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv:1706.04599",
  space: { on: { kind: "choice", of: [true, false], default: true, off: false } },
  tasks: ["classification"],
  order: { slot: "calibrate" },
  validates: true,
  create: () => ({ train: calibrated }),
};
