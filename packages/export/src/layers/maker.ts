import { RegimenError } from "@regimen/contracts";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { Op, Pair, Shape, Value } from "../graph.ts";

/** What a layer is written with. */
export type Maker = {
  readonly layer: tfl.layers.Layer;
  /** tfjs' own, in camel case. */ readonly config: Readonly<Record<string, unknown>>;
  /** What the layer answers with. */ readonly shape: Shape;
  /** By the end of its name; undefined where the layer has none such. */
  weight(
    suffix: string,
  ): { readonly name: string; readonly values: Float32Array; readonly shape: number[] } | undefined;
  /** `shape`: the layer's, unless told. `part`: told for all but the value that the layer answers with. */
  op(op: Op, inputs: readonly Value[], shape?: Shape, part?: string): Value;
};

/** What a layer does, in the graph's operations. Errors: REG_MODEL_UNSUPPORTED. */
export type Write = (maker: Maker, inputs: readonly Value[]) => Value;

export function unsupported(layer: tfl.layers.Layer, why: string): RegimenError {
  return new RegimenError(
    "REG_MODEL_UNSUPPORTED",
    `the layer "${layer.name}" (${layer.getClassName()}) cannot be exported: ${why}`,
  );
}

/** Errors: REG_MODEL_UNSUPPORTED unless channels come last. */
export function channelsLast({ layer, config }: Maker): void {
  if (config["dataFormat"] === "channelsFirst") throw unsupported(layer, `its channels come first; expected them last`);
}

/** A number, or one for each side. */
export function pair(value: unknown, otherwise: number): Pair {
  if (Array.isArray(value)) return [Number(value[0]), Number(value[1] ?? value[0])];
  const number = value == null ? otherwise : Number(value);
  return [number, number];
}
