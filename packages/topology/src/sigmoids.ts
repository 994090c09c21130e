import type * as tfl from "@tensorflow/tfjs-layers";

/** Layers that leave a yes or no one. */
const TRANSPARENT = new Set(["Activation", "Average", "Flatten", "Reshape"]);

/** Whether each of a model's answers is a yes or a no of its own: sigmoids at its end, or the average of such. Reads any model. */
export function givesSigmoids(model: tfl.LayersModel): boolean {
  const gives = (layer: tfl.layers.Layer): boolean => {
    const inner = (layer as Partial<tfl.LayersModel>).layers;
    if (inner) return gives(inner.at(-1)!);
    const activation = (layer.getConfig()["activation"] ?? "linear") as string;
    if (activation === "sigmoid") return true;
    const before = layer.inboundNodes.flatMap((node) => node.inboundLayers);
    return activation === "linear" && TRANSPARENT.has(layer.getClassName()) && before.length > 0 && before.every(gives);
  };
  return gives((model.outputs[0] as tfl.SymbolicTensor).sourceLayer);
}
