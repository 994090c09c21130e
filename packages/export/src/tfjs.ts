import type * as tf from "@tensorflow/tfjs-core";
import { RegimenError } from "@regimen/contracts";
import { bytesOf } from "./protobuf.ts";
import { toHalf, type Weights } from "./precision.ts";

/** Weights as tfjs saves them: what each is, and their numbers one behind the other. */
export type SavedWeights = { readonly specs: readonly tf.io.WeightsManifestEntry[]; readonly data: Uint8Array };

/** tfjs stores these as bytes, with one step and one offset for a whole tensor. */
const BYTES = 255;

/**
 * The weights of a saved `tf.LayersModel` with kernels in float16, or in 8 bits (tfjs' own quantisation: what `model.json`
 * says is enough for `tf.loadLayersModel`, which widens them again). Biases and what normalises stay as they are.
 *
 * Errors: REG_MODEL_UNSUPPORTED for a weight that is beyond float16, or that is quantised already.
 */
export function shrinkWeights({ specs, data }: SavedWeights, weights: Weights): SavedWeights {
  if (weights === "float32") return { specs, data };
  let at = 0;
  const shrunk = specs.map((spec) => {
    if (spec.quantization || (spec.dtype !== "float32" && spec.dtype !== "int32"))
      throw new RegimenError(
        "REG_MODEL_UNSUPPORTED",
        `the weight "${spec.name}" is stored as ${spec.quantization?.dtype ?? spec.dtype} already; expected float32: export the run that made it`,
      );
    const next = at + 4 * spec.shape.reduce((all, side) => all * side, 1);
    // A copy that begins its own buffer, which `slice` of Node's Buffer does not make.
    const bytes = new Uint8Array(data.subarray(at, next));
    at = next;
    if (!spec.name.endsWith("kernel")) return { spec, bytes };
    const values = new Float32Array(bytes.buffer);
    return weights === "float16" ? halved(spec, values) : quantised(spec, values);
  });
  return { specs: shrunk.map(({ spec }) => spec), data: joined(shrunk.map(({ bytes }) => bytes)) };
}

type Shrunk = { readonly spec: tf.io.WeightsManifestEntry; readonly bytes: Uint8Array };

function halved(spec: tf.io.WeightsManifestEntry, values: Float32Array): Shrunk {
  const quantization = { dtype: "float16", original_dtype: "float32" } as const;
  return { spec: { ...spec, quantization }, bytes: bytesOf(toHalf(values, spec.name)) };
}

/** code · scale + min, with a code for 0 exactly: what was pruned stays so. */
function quantised(spec: tf.io.WeightsManifestEntry, values: Float32Array): Shrunk {
  let [low, high] = [0, 0];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const scale = (high - low) / BYTES || 1;
  const zero = Math.round(-low / scale);
  const codes = Uint8Array.from({ length: values.length }, (_, i) =>
    Math.min(BYTES, Math.max(0, Math.round(values[i]! / scale) + zero)),
  );
  const quantization = { dtype: "uint8", original_dtype: "float32", scale, min: -zero * scale } as const;
  return { spec: { ...spec, quantization }, bytes: codes };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
