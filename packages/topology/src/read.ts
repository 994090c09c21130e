import { RegimenError, type LayerNode, type Topology } from "@regimen/contracts";
import * as tfl from "@tensorflow/tfjs-layers";
import { isConfig, type Config } from "./classes.ts";
import { Graph } from "./graph.ts";

/** [layer, node, tensor, kwargs] in Keras' JSON. */
type Edge = readonly [string, number, number, unknown?];
type LayerJson = {
  readonly name?: string;
  readonly class_name: string;
  readonly config: Config;
  readonly inbound_nodes?: readonly (readonly Edge[])[];
};
type ModelJson = {
  readonly class_name: string;
  readonly config: {
    readonly name: string;
    readonly layers: readonly LayerJson[];
    readonly input_layers?: readonly Edge[];
    readonly output_layers?: readonly Edge[];
  };
};

type Flat = { readonly layers: readonly LayerNode[]; readonly output: string };

/**
 * The graph of a model, nested models laid flat. Reads no weight and keeps no reference to the model. Layers that are
 * frozen, by themselves or with a model around them, have `trainable: false`.
 *
 * Errors: REG_MODEL_UNSUPPORTED for several inputs or outputs, a layer that is used more than once, a layer with several
 * outputs, and names that two layers or two weights share.
 */
export function topologyOf(model: tfl.LayersModel): Topology {
  // tfjs declares the JSON as an unrelated dictionary type.
  const json = model.toJSON(null, false) as unknown as ModelJson;
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw unsupported(
      `the model "${model.name}" has ${model.inputs.length} inputs and ${model.outputs.length} outputs; expected one of each`,
    );
  const frozen = frozenLayers(model);
  const { layers, output } = flatten(json, undefined);
  noClash(
    layers.map((layer) => layer.name),
    "layers",
  );
  noClash(
    model.weights.map((weight) => weight.originalName),
    "weights",
  );
  return new Graph({
    name: json.config.name,
    layers: layers.map((layer) =>
      frozen.has(layer.name) ? { ...layer, config: { ...layer.config, trainable: false } } : layer,
    ),
    outputs: [output],
    sequential: isSequential(json),
  });
}

/** `feeds`: names of the layers that a nested model reads; undefined at the top, where the model's own input stays. */
function flatten(json: ModelJson, feeds: readonly string[] | undefined): Flat {
  return isSequential(json) ? flattenSequential(json, feeds) : flattenFunctional(json, feeds);
}

function flattenSequential(json: ModelJson, feeds: readonly string[] | undefined): Flat {
  const layers: LayerNode[] = [];
  let last = feeds?.[0];
  for (const layer of json.config.layers) {
    if (isModel(layer)) {
      const inner = flatten(layer as unknown as ModelJson, last === undefined ? undefined : [last]);
      layers.push(...inner.layers);
      last = inner.output;
      continue;
    }
    const name = layer.config["name"] as string;
    if (layer.class_name === "InputLayer" && last !== undefined) continue;
    if (layer.class_name !== "InputLayer" && last === undefined) {
      const input = `${name}_input`;
      const shape = layer.config["batch_input_shape"];
      const config = {
        name: input,
        batch_input_shape: shape,
        dtype: layer.config["dtype"] ?? "float32",
        sparse: false,
      };
      layers.push({ className: "InputLayer", config, name: input, inputs: [] });
      last = input;
    }
    layers.push(node(layer, name, last === undefined ? [] : [last]));
    last = name;
  }
  if (last === undefined) throw unsupported(`the model "${json.config.name}" has no layers`);
  return { layers, output: last };
}

function flattenFunctional(json: ModelJson, feeds: readonly string[] | undefined): Flat {
  const { name: model, layers: inner, input_layers: inputs = [], output_layers: outputs = [] } = json.config;
  const layers: LayerNode[] = [];
  /** What stands for a layer of this model outside: itself, its feed, or the output of the model nested there. */
  const stands = new Map(feeds?.map((feed, i) => [inputs[i]![0], feed]));
  const source = ([layer, , tensor]: Edge): string => {
    if (tensor !== 0) throw unsupported(`the layer "${layer}" has several outputs; expected one`);
    return stands.get(layer) ?? layer;
  };
  for (const layer of inner) {
    const name = layer.name ?? (layer.config["name"] as string);
    if (stands.has(name)) continue;
    const nodes = layer.inbound_nodes ?? [];
    if (nodes.length > 1)
      throw unsupported(`the layer "${name}" is used ${nodes.length} times (shared weights); expected once`);
    const from = (nodes[0] ?? []).map(source);
    if (!isModel(layer)) {
      layers.push(node(layer, name, from));
      continue;
    }
    const nested = flatten(layer as unknown as ModelJson, from);
    layers.push(...nested.layers);
    stands.set(name, nested.output);
  }
  if (outputs.length !== 1) throw unsupported(`the model "${model}" has ${outputs.length} outputs; expected one`);
  return { layers, output: source(outputs[0]!) };
}

function node(layer: LayerJson, name: string, inputs: readonly string[]): LayerNode {
  const { batch_input_shape, ...rest } = layer.config;
  // A layer that carries the shape of its input would, once other layers come before it, contradict them.
  const config = layer.class_name === "InputLayer" ? { ...rest, batch_input_shape } : rest;
  return { className: layer.class_name, config: { ...config, name }, name, inputs };
}

/** tfjs freezes a nested model's weights without telling its layers, so the JSON does not say it. */
function frozenLayers(model: tfl.LayersModel, above = false): Set<string> {
  const frozen = above || !model.trainable;
  return new Set(
    model.layers.flatMap((layer) =>
      layer instanceof tfl.LayersModel
        ? [...frozenLayers(layer, frozen)]
        : layer.weights.length > 0 && (frozen || !layer.trainable)
          ? [layer.name]
          : [],
    ),
  );
}

const isSequential = (json: { readonly class_name: string }): boolean => json.class_name === "Sequential";

function isModel(layer: LayerJson): boolean {
  return Array.isArray(layer.config["layers"]) && layer.config["layers"].every((inner) => isConfig(inner));
}

function noClash(names: readonly string[], what: string): void {
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))];
  if (twice.length)
    throw unsupported(
      `two ${what} of the model share a name: ${twice.join(", ")}; expected unique names: give the layers names of their own`,
    );
}

function unsupported(message: string): RegimenError {
  return new RegimenError("REG_MODEL_UNSUPPORTED", message);
}
