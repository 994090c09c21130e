import type { Fragment } from "@regimen/contracts";

const decay = (lambda: number): Fragment["steps"] => [{ use: "@regimen/technique-weight-decay", with: { lambda } }];

/**
 * Optimizers that are two things, as fragments of a policy: SGD or Adam, and the technique weight-decay around it. Join one
 * with a policy by `mergeFragments(PRESETS.adamw, policy)`: a policy that decays already keeps its own λ, and none decays twice.
 */
export const PRESETS = {
  /** Loshchilov and Hutter 2019; λ = 0.005 at momentum 0.9 is what L2 of 5e-4 comes to. */
  sgdw: { train: { optimizer: "sgd" }, steps: decay(5e-3) },
  /** λ as in PyTorch; with Adam's rate, since a fragment that changes the optimizer leaves the rate as it was. */
  adamw: { train: { optimizer: "adam", learningRate: 1e-3 }, steps: decay(1e-2) },
} as const satisfies Readonly<Record<string, Fragment>>;
