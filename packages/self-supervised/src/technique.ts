import type { Run, Train, Trained } from "@regimen/contracts";
import { pretrain, type Method } from "./pretrain.ts";

/** Hyperparameters that every pre-training has. */
export type PretrainParams = { share: number; batch: number; backbone: number };

/**
 * `share`: how much of the training's images pre-training takes. `batch`: images of a step, each in two views. `backbone`:
 * the backbone's learning rate afterwards, relative to the head's.
 */
export const PRETRAIN_SPACE = {
  share: { kind: "value", range: [0, 0.8], default: 0.5, off: 0 },
  batch: { kind: "value", range: [32, 512], scale: "integer", default: 128 },
  backbone: { kind: "value", range: [0.03, 1], scale: "log", default: 0.3 },
} as const;

/**
 * The whole of a training with pre-training: first `share` of the plan's images without labels, then the rest as usual, from
 * the backbone that came of it.
 */
export async function pretrainThenTrain(
  run: Run,
  next: Train,
  { share, batch, backbone }: PretrainParams,
  method: Method,
): Promise<Trained> {
  const { plan } = run;
  const { snapshot, images } = await pretrain(run, { method, images: share * plan.images, batch });
  const rates = { ...plan.rates, backbone: backbone * (plan.rates["backbone"] ?? plan.rates.default) };
  return next({ name: "fine-tune", from: snapshot, plan: { images: plan.images - images, rates } });
}
