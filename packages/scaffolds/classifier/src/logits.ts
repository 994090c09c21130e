import { RegimenError, type LayerNode, type Topology } from "@regimen/core";

/** Layers that leave a distribution over classes one. */
const TRANSPARENT = new Set(["Activation", "Flatten", "Reshape"]);
const PROBABILITIES = new Set(["softmax", "sigmoid"]);
/** Outputs whose softmax is what the model means. */
const LOGITS = new Set(["linear", "log_softmax"]);

/**
 * The topology whose output is logits. A softmax or sigmoid at the end, in a layer or as one, becomes linear; the average of
 * several such (an ensemble) gets a logarithm behind it; anything linear gives logits already. A sigmoid's logits are trained
 * with softmax like all others: the classes exclude each other.
 *
 * Errors: REG_MODEL_OUTPUT for any other activation at the end.
 */
export function toLogits(topology: Topology): Topology {
  const output = topology.outputs[0]!;
  const end = ending(topology, output);
  switch (end.kind) {
    case "logits":
      return topology;
    case "mixture":
      return topology.insert({ from: output }, { className: "Regimen>Log", config: { name: `${output}_log` } });
    case "activation": {
      const { name, className, config } = end.layer;
      return className === "Softmax"
        ? topology.replace(name, { className: "Activation", config: { name, activation: "linear" } })
        : topology.replace(name, { className, config: { ...config, activation: "linear" } });
    }
  }
}

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
