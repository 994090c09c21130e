import * as tfl from "@tensorflow/tfjs-layers";
import { copyWeights, modelOf, topologyOf } from "@regimen/topology";

/**
 * A model without its head: what the head read is its output, feature maps averaged over all positions, so always [n, d]. It has copies of
 * the weights; `model` stays the caller's, as does the answer. Errors: REG_MODEL_UNSUPPORTED.
 */
export async function headless(model: tfl.LayersModel): Promise<tfl.LayersModel> {
  const features = model.getLayer(topologyOf(model).features).output as tfl.SymbolicTensor;
  const pooled =
    features.rank === 4
      ? (tfl.layers.globalAveragePooling2d({ name: "features" }).apply(features) as tfl.SymbolicTensor)
      : features;
  // It shares its layers with `model`, and would free them with itself: what it is good for is its graph.
  const cut = tfl.model({ inputs: model.inputs, outputs: pooled, name: model.name });
  const own = await modelOf(topologyOf(cut));
  copyWeights(model, own);
  return own;
}
