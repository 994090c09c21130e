import { RegimenError, type Topology } from "@regimen/contracts";
import type * as tfl from "@tensorflow/tfjs-layers";
import { modelOf } from "./build.ts";
import { byName, Graph, graphOf } from "./graph.ts";
import { topologyOf } from "./read.ts";
import { copyWeights } from "./weights.ts";

/** What a member's layers are named by in the joined graph: weights would share their names otherwise. */
const prefix = (member: number): string => `member${member + 1}/`;
/** The layer that every joined graph ends in. */
const AVERAGE = "average";

/**
 * One graph of two or more that take the same images: the first one's input, each member's layers as "member1/…",
 * "member2/…", and the average of their probabilities. A member that ends in logits gets a softmax.
 * Errors: REG_MODEL_UNSUPPORTED for fewer than two, or for inputs of unlike shapes.
 */
export function join(members: readonly Topology[]): Topology {
  if (members.length < 2)
    throw new RegimenError("REG_MODEL_UNSUPPORTED", `${members.length} models cannot be joined; expected two or more`);
  const graphs = members.map((member) => (givesProbabilities(member) ? graphOf(member) : withSoftmax(member)));
  const inputs = graphs.map((graph) => graph.layers.find((layer) => layer.inputs.length === 0)!);
  const [input] = inputs as [(typeof inputs)[number]];
  const shapes = new Set(inputs.map(({ config }) => JSON.stringify(config["batch_input_shape"])));
  if (shapes.size > 1)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `models that take ${[...shapes].join(" and ")} cannot be joined; expected one shape of input`,
    );
  const layers = graphs.flatMap((graph, member) => {
    const renamed = (name: string): string => (name === inputs[member]!.name ? input.name : prefix(member) + name);
    return graph.layers
      .filter((layer) => layer !== inputs[member])
      .map((layer) => {
        const name = renamed(layer.name);
        return { ...layer, name, config: { ...layer.config, name }, inputs: layer.inputs.map(renamed) };
      });
  });
  const average = {
    className: "Average",
    config: { name: AVERAGE },
    name: AVERAGE,
    inputs: graphs.map((graph, member) => prefix(member) + graph.outputs[0]!),
  };
  return new Graph({ name: "ensemble", layers: [input, ...layers, average], outputs: [AVERAGE], sequential: false });
}

/**
 * The models' average as one model, with copies of their weights; tfjs alone runs it and saves it. The members stay the
 * caller's, who owns the answer too. Errors: REG_MODEL_UNSUPPORTED, as `join` and `topologyOf`.
 */
export async function joinModels(members: readonly tfl.LayersModel[]): Promise<tfl.LayersModel> {
  const joined = await modelOf(join(members.map(topologyOf)));
  members.forEach((member, at) => copyWeights(member, joined, { every: "source", under: prefix(at) }));
  return joined;
}

/** Whether a model's answers are probabilities, by its last layers: a softmax, sigmoids, or the average of such. */
export function givesProbabilities({ layers, outputs }: Topology): boolean {
  const named = byName(layers);
  const gives = (name: string): boolean => {
    const { className, config, inputs } = named.get(name)!;
    const activation = config["activation"] ?? "linear";
    if (className === "Softmax" || activation === "softmax" || activation === "sigmoid") return true;
    return activation === "linear" && TRANSPARENT.has(className) && inputs.every(gives);
  };
  return gives(outputs[0]!);
}
/** Layers that leave distributions distributions. */
const TRANSPARENT = new Set(["Activation", "Average", "Flatten", "Reshape"]);

function withSoftmax(topology: Topology): Graph {
  const [output] = topology.outputs as [string];
  return graphOf(topology).insert(
    { from: output },
    { className: "Softmax", config: { name: `${output}_softmax`, axis: -1 } },
  );
}
