import { RegimenError, type Technique, type Topology } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** The rate is fed, so that one recorded step serves every rate. `rate`: [1], 0..1. */
export const drawDropout = (rate: number) => ({ rate: Float32Array.of(rate) });

/**
 * A dropout layer between the features and the head (Srivastava 2014, section 4): `<features>/dropout`, of @regimen/topology's
 * class, which reads its rate from what this technique is fed and draws a fresh mask at each call in training.
 * Errors: REG_MODEL_UNSUPPORTED where the model's output is its features, so that there is no head.
 */
export function applyDropout(topology: Topology): Topology {
  const { features, outputs } = topology;
  if (outputs.includes(features))
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found no head: the output of "${features}" is the model's own; expected a layer with weights after the features; leave dropout out`,
    );
  const config = { name: `${features}/dropout`, owner: manifest.name, fed: "rate" };
  return topology.insert({ from: features }, { className: "Regimen>Dropout", config });
}

/** Dropout before the head. */
export const dropout: Technique<{ rate: number }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  paper:
    "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 15, 1929-1958",
  space: { rate: { kind: "m", range: [0, 0.7], default: 0.3, off: 0 } },
  order: { slot: "topology" },
  create: ({ rate }) => ({
    draw: () => drawDropout(rate),
    rewrite: applyDropout,
  }),
};
