import type * as tfl from "@tensorflow/tfjs-layers";
import { folded } from "./fold.ts";
import { onnxOf } from "./onnx/write.ts";
import type { Weights } from "./precision.ts";
import { graphOf } from "./read.ts";
import { savedModelOf } from "./savedmodel/write.ts";

export { OPSET } from "./onnx/proto.ts";
export { WEIGHTS, type Weights } from "./precision.ts";
export { roundWeights } from "./round.ts";
export { shrinkWeights, type SavedWeights } from "./tfjs.ts";

/**
 * A model as the bytes of an `.onnx` file: opset 17, one input [batch, h, w, c] and outputs as the model has them, under its
 * layers' names. Batch normalisation is folded into what stands in front of it. `notes`: kept in the file as its metadata.
 * Reads the weights, so it needs a backend; the model stays the caller's.
 *
 * Errors: REG_MODEL_UNSUPPORTED, with the name and class of a layer that ONNX or this package has no counterpart for.
 */
export function toOnnx(
  model: tfl.LayersModel,
  { weights = "float32", notes = {} }: { readonly weights?: Weights; readonly notes?: Record<string, string> } = {},
): Uint8Array {
  return onnxOf(folded(graphOf(model)), { name: model.name, weights, notes });
}

/**
 * A model as the bytes of `saved_model.pb`, which alone in a folder is a SavedModel: the tag "serve", the signature
 * "serving_default" with the input [batch, h, w, c] and the outputs under their layers' names (other signs than letters,
 * digits and "_" become "_"). Weights are constants in it. Otherwise, and in its errors, as `toOnnx`.
 */
export function toSavedModel(
  model: tfl.LayersModel,
  { weights = "float32" }: { readonly weights?: Weights } = {},
): Uint8Array {
  return savedModelOf(folded(graphOf(model)), weights);
}
