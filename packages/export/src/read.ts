import { RegimenError } from "@regimen/contracts";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Graph, Op, Shape, Value } from "./graph.ts";
import { LAYERS } from "./layers/index.ts";
import { unsupported, type Maker } from "./layers/maker.ts";

/**
 * A model's graph, nested models laid flat; layers that are used more than once stand there as often. Reads the weights;
 * the model stays the caller's. Needs a backend.
 *
 * Errors: REG_MODEL_UNSUPPORTED for several inputs, for sides of unknown length, and for a layer that has no counterpart,
 * with its name and class.
 */
export function graphOf(model: tfl.LayersModel): Graph {
  const [image] = model.inputs;
  if (!image || model.inputs.length > 1)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `the model "${model.name}" has ${model.inputs.length} inputs and cannot be exported; expected one`,
    );
  const reader = new Reader();
  const input = reader.make(image.sourceLayer.name, { kind: "input" }, [], shapeOf(image));
  const feeds = new Map([[image.id, input]]);
  return { input, outputs: model.outputs.map((output) => reader.value(output, feeds)) };
}

/** What symbolic tensors stand for, inside one model. */
type Feeds = Map<number, Value>;

class Reader {
  readonly #names = new Set<string>();

  /** Depth first, by the tensors that layers gave each other: what no output needs is never looked at. */
  value(tensor: tfl.SymbolicTensor, feeds: Feeds): Value {
    const known = feeds.get(tensor.id);
    if (known) return known;
    const { sourceLayer: layer } = tensor;
    const inputs = tensor.inputs.map((input) => this.value(input, feeds));
    const made =
      layer instanceof tfl.LayersModel ? this.#nested(layer, tensor, inputs) : this.#layer(layer, tensor, inputs);
    feeds.set(tensor.id, made);
    return made;
  }

  make(name: string, op: Op, inputs: readonly Value[], shape: Shape): Value {
    return { name: this.#unique(name), op, inputs, shape };
  }

  #nested(model: tfl.LayersModel, tensor: tfl.SymbolicTensor, inputs: readonly Value[]): Value {
    const feeds = new Map(model.inputs.map((input, at) => [input.id, inputs[at]!]));
    return this.value(model.outputs[tensor.outputTensorIndex ?? 0]!, feeds);
  }

  #layer(layer: tfl.layers.Layer, tensor: tfl.SymbolicTensor, inputs: readonly Value[]): Value {
    const write = LAYERS[layer.getClassName()];
    if (!write || inputs.length === 0) throw unsupported(layer, "it has no counterpart there");
    const name = this.#unique(layer.name);
    const shape = shapeOf(tensor);
    const maker: Maker = {
      layer,
      config: layer.getConfig(),
      shape,
      weight: (suffix) => weightOf(layer, suffix),
      op: (op, from, of = shape, part) =>
        part === undefined ? { name, op, inputs: from, shape: of } : this.make(`${name}/${part}`, op, from, of),
    };
    return write(maker, inputs);
  }

  #unique(name: string): string {
    let unique = name;
    for (let n = 2; this.#names.has(unique); n++) unique = `${name}_${n}`;
    this.#names.add(unique);
    return unique;
  }
}

/** A weight's name without its layer's. */
export const endOf = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

function weightOf(
  layer: tfl.layers.Layer,
  suffix: string,
): { name: string; values: Float32Array; shape: number[] } | undefined {
  const found = layer.weights.find(({ originalName }) => endOf(originalName) === suffix);
  if (!found) return undefined;
  const tensor = found.read();
  return { name: found.originalName, values: new Float32Array(tensor.dataSync()), shape: [...tensor.shape] };
}

function shapeOf({ shape, sourceLayer }: tfl.SymbolicTensor): Shape {
  const [, ...sides] = shape;
  if (sides.some((side) => side === null))
    throw unsupported(
      sourceLayer,
      `it answers with [${shape.map((side) => side ?? "?").join(", ")}], and sides must be known`,
    );
  return [null, ...(sides as number[])];
}
