import { RegimenError, type Technique, type Topology } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };

/** The momentum is fed, so that one recorded step serves every momentum. `momentum`: [1], 0..1. */
export const drawMomentum = (momentum: number) => ({ momentum: Float32Array.of(momentum) });

/**
 * Every batch normalization becomes @regimen/topology's class of the same name, weights and inference, which reads its
 * momentum from what this technique is fed. The model that is handed back has the user's own layers again.
 * Errors: REG_MODEL_UNSUPPORTED where the model has no batch normalization.
 */
export function applyMomentum(topology: Topology): Topology {
  const layers = topology.layers.filter((layer) => layer.className === "BatchNormalization");
  if (!layers.length)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found no batch normalization: expected a BatchNormalization layer; leave its momentum out`,
    );
  return layers.reduce(
    (graph, { name, config }) =>
      graph.replace(name, {
        className: "Regimen>BatchNormalization",
        config: { ...config, owner: manifest.name, fed: "momentum" },
      }),
    topology,
  );
}

/** Another momentum for the moving statistics. */
export const batchNormMomentum: Technique<{ momentum: number }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.1,
  group: "architecture",
  paper: "Ioffe & Szegedy 2015, Batch Normalization, arXiv:1502.03167",
  space: { momentum: { kind: "value", range: [0.5, 0.999], default: 0.9, off: 0 } },
  order: { slot: "topology", needs: ["batch-norm"] },
  create: ({ momentum }) => ({
    draw: () => drawMomentum(momentum),
    rewrite: applyMomentum,
  }),
};
