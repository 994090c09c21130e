import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";

/** Layers that may stand behind the last one with weights and ask nothing of its width. */
const ENDINGS = new Set(["Activation", "Softmax"]);

/** A fixed start: trainings with one seed begin alike. */
const kernelInitializer = () => tfl.initializers.glorotUniform({ seed: 1 });

/** A model of features with a head for so many classes. The layers before it stay the same objects. */
export function withHead(model: LayersModel, units: number): LayersModel {
  const head = tfl.layers.dense({
    name: "classes",
    units,
    activation: "softmax",
    kernelInitializer: kernelInitializer(),
  });
  return tfl.model({ inputs: model.inputs, outputs: head.apply(model.outputs) as SymbolicTensor, name: model.name });
}

/**
 * The model with a new last dense layer of `units`, the activations behind it as they were; all other layers and their weights stay
 * the same objects, now the answer's; the old head is freed. Undefined where the model does not end in a dense layer.
 */
export function withNewHead(model: LayersModel, units: number): LayersModel | undefined {
  const behind: tfl.layers.Layer[] = [];
  let layer = model.outputs[0]!.sourceLayer;
  while (ENDINGS.has(layer.getClassName())) {
    behind.unshift(layer);
    layer = (layer.input as SymbolicTensor).sourceLayer;
  }
  if (layer.getClassName() !== "Dense") return undefined;
  const { activation, use_bias: useBias } = layer.getConfig() as { activation: string; use_bias: boolean };
  const head = tfl.layers.dense({
    name: layer.name,
    units,
    activation: activation as "softmax",
    useBias: useBias ?? true,
    kernelInitializer: kernelInitializer(),
  });
  const first = head.apply(layer.input) as SymbolicTensor;
  const outputs = behind.reduce((tensor, each) => copyOf(each).apply(tensor) as SymbolicTensor, first);
  layer.dispose();
  return tfl.model({ inputs: model.inputs, outputs, name: model.name });
}

/** A layer that is applied twice has no one input: each model has its own. */
function copyOf(layer: tfl.layers.Layer): tfl.layers.Layer {
  const config = layer.getConfig() as { readonly activation: "softmax"; readonly axis: number };
  const { name } = layer;
  return layer.getClassName() === "Softmax"
    ? tfl.layers.softmax({ name, axis: config.axis })
    : tfl.layers.activation({ name, activation: config.activation });
}
