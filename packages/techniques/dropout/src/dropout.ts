import { RegimenError, type Technique, type Topology } from "@regimen/core";
import { residuals } from "@regimen/topology";
import manifest from "../package.json" with { type: "json" };

/** The rate is fed, so that one recorded step serves every rate. `rate`: [1], 0..1. */
export const drawDropout = (rate: number) => ({ rate: Float32Array.of(rate) });

const POOLING = new Set(["AveragePooling2D", "MaxPooling2D"]);

/**
 * Dropout layers (Srivastava 2014, section 4) of @regimen/topology's class, which read their rate from what this technique is fed
 * and draw a fresh mask at each call in training. `where`: "head", between the features and the head, `<features>/dropout`;
 * "blocks", at the end of each residual branch, `<add>/dropout`, or behind each pooling, `<pool>/dropout`, where the model has
 * no residual block; or "both".
 * Errors: REG_MODEL_UNSUPPORTED where the model's output is its features, so that there is no head, and where it has no blocks.
 */
export function applyDropout(topology: Topology, where = "head"): Topology {
  const places = [
    ...(where === "head" ? [] : betweenBlocks(topology)),
    ...(where === "blocks" ? [] : [beforeHead(topology)]),
  ];
  return places.reduce(
    (graph, { name, ...on }) =>
      graph.insert(on, { className: "Regimen>Dropout", config: { name, owner: manifest.name, fed: "rate" } }),
    topology,
  );
}

type Place = { readonly name: string; readonly from: string; readonly to?: string };

function beforeHead({ features, outputs }: Topology): Place {
  if (outputs.includes(features))
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found no head: the output of "${features}" is the model's own; expected a layer with weights after the features; leave dropout out`,
    );
  return { name: `${features}/dropout`, from: features };
}

/** Not on a skip, which must pass everything on (He et al. 2016, section 3.2). */
function betweenBlocks(topology: Topology): readonly Place[] {
  const blocks = residuals(topology).map(({ add, branch }) => ({ name: `${add}/dropout`, from: branch, to: add }));
  if (blocks.length) return blocks;
  const pools = topology.layers.filter(
    ({ className, name }) => POOLING.has(className) && name !== topology.features && !topology.outputs.includes(name),
  );
  if (!pools.length)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `${manifest.name} found no blocks: expected residual ones, or layers that pool; use where: "head"`,
    );
  return pools.map(({ name }) => ({ name: `${name}/dropout`, from: name }));
}

/** Dropout before the head, between blocks, or both. */
export const dropout: Technique<{ rate: number; where: string }> = {
  name: manifest.name,
  version: manifest.version,
  group: "regularization",
  prior: 0.2,
  paper:
    "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, JMLR 15, 1929-1958",
  space: {
    rate: { kind: "m", range: [0, 0.7], default: 0.3, off: 0 },
    where: { kind: "choice", of: ["head", "blocks", "both"], default: "head" },
  },
  order: { slot: "topology" },
  create: ({ rate, where }) => ({
    draw: () => drawDropout(rate),
    rewrite: (topology) => applyDropout(topology, where),
  }),
};
