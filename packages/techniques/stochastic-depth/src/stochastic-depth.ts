import { RegimenError, type Technique, type Topology } from "@regimen/core";
import { residuals } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import manifest from "../package.json" with { type: "json" };
import { BranchDrop } from "./branch-drop.ts";

/** 1 − p_L is fed, so that one recorded step serves every rate. `drop`: [1], 0..1. */
export const drawStochasticDepth = (drop: number) => ({ drop: Float32Array.of(drop) });

/**
 * A layer `<add>/drop` at the end of the branch of each residual block l = 1..L, which drops it with probability
 * (l / L)(1 − p_L) (Huang 2016, equation 4) in training: each example for itself, or all of a batch together.
 * Errors: REG_MODEL_UNSUPPORTED where the model has no residual block.
 */
export function applyStochasticDepth(topology: Topology, per: string): Topology {
  const blocks = residuals(topology);
  if (!blocks.length)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found no residual block: expected an Add of a branch with weights and of what skips it; leave stochastic depth out`,
    );
  // tfjs asks for a constructor of its widest config type, which no layer of its own has either.
  tf.serialization.registerClass(BranchDrop as tf.serialization.SerializableConstructor<tf.serialization.Serializable>);
  return blocks.reduce((graph, { branch, add }, at) => {
    const config = { name: `${add}/drop`, depth: (at + 1) / blocks.length, per };
    return graph.insert({ from: branch, to: add }, { className: BranchDrop.className, config });
  }, topology);
}

/** Residual blocks whose branches are left out at random. */
export const stochasticDepth: Technique<{ drop: number; per: string }> = {
  name: manifest.name,
  version: manifest.version,
  prior: 0.2,
  group: "architecture",
  paper: "Huang et al. 2016, Deep Networks with Stochastic Depth, arXiv:1603.09382",
  space: {
    drop: { kind: "m", range: [0, 0.8], default: 0.2, off: 0 },
    per: { kind: "choice", of: ["sample", "batch"], default: "sample" },
  },
  order: { slot: "topology", needs: ["residual"] },
  create: ({ drop, per }) => ({
    draw: () => drawStochasticDepth(drop),
    rewrite: (topology) => applyStochasticDepth(topology, per),
  }),
};
