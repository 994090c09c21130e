import { RegimenError, type LayerNode, type LayerSpec, type Topology } from "@regimen/contracts";
import { isCustom, isConfig, STOCHASTIC, WEIGHTED } from "./classes.ts";
import { byName, graphOf } from "./graph.ts";

/**
 * The topology that is trained: layers that draw random numbers on the host (they would freeze in a recorded step) and
 * batch normalisation become Regimen's own of the same name, with the same weights and the same inference; relu, swish and
 * global pooling get gradients that cost less. Errors: REG_MODEL_UNSUPPORTED for layers whose randomness cannot be replaced.
 */
export function trainable(topology: Topology): Topology {
  return topology.layers.reduce((graph, layer) => {
    const swap = swapFor(layer);
    if (swap) return graph.replace(layer.name, swap);
    const own = WEIGHTED.has(layer.className) ? ownActivation(layer) : undefined;
    if (!own) return graph;
    return graph
      .replace(layer.name, { ...layer, config: { ...layer.config, activation: "linear" } })
      .insert(
        { from: layer.name },
        { className: `Regimen>${own}`, config: { name: unused(graph, `${layer.name}_${own.toLowerCase()}`) } },
      );
  }, graphOf(topology));
}

/** Activations with a primitive of their own. */
const ownActivation = ({ config }: LayerNode): "Relu" | "Swish" | undefined =>
  config["activation"] === "relu" ? "Relu" : config["activation"] === "swish" ? "Swish" : undefined;

/**
 * The topology that is handed back: `rewritten` without what serves training alone. Of what techniques changed in `original`,
 * layers of tfjs' own stay, stochastic ones and plug-ins' own classes do not: an inserted one goes, and one that stands for a
 * layer of `original` gives way to it. So a plug-in's class must, at inference, do what the layer it replaces did, or nothing
 * where it was inserted.
 */
export function withoutTraining(rewritten: Topology, original: Topology): Topology {
  const users = byName(original.layers);
  return rewritten.layers.reduce((graph, layer) => {
    const own = users.get(layer.name);
    if (own?.className === layer.className) return graph;
    if (!isCustom(layer) && !STOCHASTIC.has(layer.className)) return graph;
    return own ? graph.replace(layer.name, own) : graph.remove(layer.name);
  }, graphOf(rewritten));
}

function swapFor(layer: LayerNode): LayerSpec | undefined {
  const { name, className, config } = layer;
  const to = (own: string, also: LayerSpec["config"] = {}): LayerSpec => ({
    className: `Regimen>${own}`,
    config: { name, ...also },
  });
  switch (className) {
    case "BatchNormalization":
      return to("BatchNormalization", config);
    case "Dropout":
      return to("Dropout", { rate: config["rate"], noise_shape: config["noise_shape"] });
    case "SpatialDropout1D":
      return to("Dropout", { rate: config["rate"], noise_shape: [null, 1, null] });
    case "GaussianNoise":
      return to("GaussianNoise", { stddev: config["stddev"] });
    case "GaussianDropout":
    case "AlphaDropout":
      return to(className, { rate: config["rate"] });
    case "Activation": {
      const own = ownActivation(layer);
      return own && to(own);
    }
    case "GlobalAveragePooling2D":
      return config["data_format"] === "channels_first" ? undefined : to(className);
    case "ReLU":
      return config["max_value"] == null ? to("Relu") : undefined;
    case "RandomHeight":
    case "RandomWidth":
      throw unsupported(name, `it draws sizes on the host; take it out and let Regimen augment the images`);
    default:
      if (dropsInside(config))
        throw unsupported(name, `it drops out inside; set dropout and recurrent_dropout to 0 and add a Dropout layer`);
      return undefined;
  }
}

function unused(topology: Topology, name: string): string {
  return topology.layers.some((layer) => layer.name === name) ? unused(topology, `${name}_`) : name;
}

/** Recurrent layers have a dropout of their own, and wrappers hold layers. */
function dropsInside(config: LayerSpec["config"]): boolean {
  return Object.entries(config).some(
    ([key, value]) =>
      ((key === "dropout" || key === "recurrent_dropout") && Number(value) > 0) ||
      (isConfig(value) && dropsInside(value)),
  );
}

function unsupported(layer: string, why: string): RegimenError {
  return new RegimenError("REG_MODEL_UNSUPPORTED", `the layer "${layer}" cannot be trained in a recorded step: ${why}`);
}
