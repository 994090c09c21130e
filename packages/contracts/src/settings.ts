import { RegimenError } from "./errors.ts";
import { parseNamed } from "./named.ts";
import type { PolicyTrain, TrainSettings } from "./plugin.ts";

/** Peak rates that do not grow with the batch: these optimizers take the gradient's size out of their steps. */
const RATES: Readonly<Record<string, number>> = { adam: 1e-3, rmsprop: 1e-3, lamb: 5e-3, lars: 2 };

/** What `auto` means before anything has been measured. */
export function settingsOf(training: TrainSettings | undefined, facts: readonly string[], images: number): PolicyTrain {
  const given = <T>(value: T | "auto" | undefined, otherwise: T): T =>
    value === undefined || value === "auto" ? otherwise : value;
  const normalized = facts.includes("batch-norm");
  const optimizer = given(training?.optimizer, normalized ? "sgd" : "adam");
  const batchSize = given(training?.batchSize, Math.min(images, images < 1000 ? 32 : 64));
  const settings = {
    epochs: given(training?.epochs, 30),
    batchSize,
    // 0.1 at batch 64 is where ResNets train well by SGD (linear scaling).
    learningRate: given(
      training?.learningRate,
      RATES[parseNamed(optimizer).use] ?? ((normalized ? 0.1 : 0.02) * batchSize) / 64,
    ),
    optimizer,
    schedule: given(training?.schedule, "one-cycle"),
    ...(training?.withValidation !== undefined && { withValidation: training.withValidation }),
  };
  for (const key of ["epochs", "batchSize", "learningRate"] as const)
    if (!(settings[key] > 0) || (key === "batchSize" && !Number.isInteger(settings[key])))
      throw new RegimenError(
        "REG_CONFIG_INVALID",
        `training.${key} is ${settings[key]}; expected ${key === "batchSize" ? "a whole number" : "a number"} above 0, or "auto"`,
      );
  if (settings.batchSize > images)
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `training.batchSize is ${settings.batchSize} and there are ${images} training images; use at most that many`,
    );
  return settings;
}
