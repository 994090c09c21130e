import { RegimenError, type LayerNode, type Topology } from "@regimen/contracts";

/** Layers that leave a distribution over classes one. */
const TRANSPARENT = new Set(["Activation", "Flatten", "Reshape"]);
const PROBABILITIES = new Set(["softmax", "sigmoid"]);
/** Outputs whose softmax is what the model means. */
const LOGITS = new Set(["linear", "log_softmax"]);

/**
 * The topology whose output is logits. A softmax or sigmoid at the end, in a layer or as one, becomes linear; the average of
 * several such (an ensemble) gets a logarithm behind it, or where answers are `independent` the log-odds; anything linear
 * gives logits already.
 *
 * Errors: REG_MODEL_OUTPUT for any other activation at the end.
 */
export function toLogits(topology: Topology, { independent = false } = {}): Topology {
  const output = topology.outputs[0]!;
  const end = ending(topology, output);
  switch (end.kind) {
    case "logits":
      return topology;
    case "mixture": {
      const name = `${output}_log`;
      return topology.insert(
        { from: output },
        { className: `Regimen>${independent ? "Logit" : "Log"}`, config: { name } },
      );
    }
    case "activation":
      return withActivation(topology, end.layer, "linear");
  }
}

/** The topology with sigmoids where it ends in a softmax: each answer a yes or a no of its own. */
export function toSigmoids(topology: Topology): Topology {
  const end = ending(topology, topology.outputs[0]!);
  return end.kind === "activation" ? withActivation(topology, end.layer, "sigmoid") : topology;
}

const withActivation = (topology: Topology, { name, className, config }: LayerNode, activation: string): Topology =>
  className === "Softmax"
    ? topology.replace(name, { className: "Activation", config: { name, activation } })
    : topology.replace(name, { className, config: { ...config, activation } });

type Ending =
  | { readonly kind: "logits" }
  | { readonly kind: "mixture" }
  | { readonly kind: "activation"; readonly layer: LayerNode };

function ending(topology: Topology, name: string): Ending {
  const layer = topology.layers.find((node) => node.name === name)!;
  const activation = (layer.config["activation"] ?? "linear") as string;
  if (layer.className === "Softmax" || PROBABILITIES.has(activation)) return { kind: "activation", layer };
  if (!LOGITS.has(activation))
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model ends in the activation "${activation}" (layer "${name}"); expected softmax for probabilities, or linear for logits`,
    );
  if (TRANSPARENT.has(layer.className)) return ending(topology, layer.inputs[0]!);
  const averages =
    layer.className === "Average" && layer.inputs.every((input) => ending(topology, input).kind !== "logits");
  return { kind: averages ? "mixture" : "logits" };
}
