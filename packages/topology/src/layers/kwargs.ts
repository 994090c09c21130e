import type { Mode, Step } from "@regimen/contracts";
import type * as tf from "@tensorflow/tfjs-core";

/** What tfjs-layers hands to `call`: the second argument of `model.apply`. */
export type Kwargs = { [key: string]: unknown };

/** The part of a layer's config that every layer has. */
export type LayerConfig = { name?: string; trainable?: boolean };

/** A text that tfjs must not change is wrapped: see `verbatim` in build.ts. */
export type Text = string | { readonly name: string } | null;
export const text = (value: Text | undefined): string | undefined =>
  typeof value === "string" ? value : (value?.name ?? undefined);

export function modeOf(kwargs: Kwargs): Partial<Mode> {
  return kwargs as Partial<Mode>;
}

/** The step to draw from; undefined at inference, or where nobody supplies numbers. */
export function drawing(kwargs: Kwargs): Step | undefined {
  const mode = modeOf(kwargs);
  return mode.training ? mode.step : undefined;
}

export function only(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
  return Array.isArray(inputs) ? inputs[0]! : inputs;
}
