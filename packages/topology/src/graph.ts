import { RegimenError, type LayerNode, type LayerSpec, type Topology } from "@regimen/contracts";
import { isPassive, WEIGHTED } from "./classes.ts";

/** What a `Graph` holds. `sequential`: the model was a `tf.Sequential`, and becomes one again while it is a chain. */
export type GraphParts = {
  readonly name: string;
  readonly layers: readonly LayerNode[];
  readonly outputs: readonly string[];
  readonly sequential: boolean;
};

/** The `Topology` of this package. Every change returns a new one. Errors of a rewrite: REG_HOOK. */
export class Graph implements Topology {
  readonly name: string;
  readonly layers: readonly LayerNode[];
  readonly outputs: readonly string[];
  readonly sequential: boolean;
  readonly features: string;

  constructor(parts: GraphParts) {
    this.name = parts.name;
    this.layers = Object.freeze([...parts.layers]);
    this.outputs = Object.freeze([...parts.outputs]);
    this.sequential = parts.sequential;
    this.features = featuresOf(this.layers, this.outputs[0]!);
  }

  insert(on: { from: string; to?: string }, layer: LayerSpec): Graph {
    const at = this.#find(on.from);
    const consumer = on.to === undefined ? undefined : this.layers[this.#find(on.to)]!;
    if (consumer && !consumer.inputs.includes(on.from))
      throw new RegimenError(
        "REG_HOOK",
        `a layer cannot be inserted between "${on.from}" and "${on.to}": "${on.to}" reads ${consumer.inputs.map((name) => `"${name}"`).join(", ")}; name one of those as "from"`,
      );
    const name = this.#newName(layer, on.from);
    const inserted: LayerNode = {
      className: layer.className,
      config: { ...layer.config, name },
      name,
      inputs: [on.from],
    };
    const layers = this.layers.map((node) =>
      consumer === undefined || node === consumer
        ? { ...node, inputs: node.inputs.map((input) => (input === on.from ? name : input)) }
        : node,
    );
    layers.splice(at + 1, 0, inserted);
    const outputs = consumer ? this.outputs : this.outputs.map((output) => (output === on.from ? name : output));
    return this.#with({ layers, outputs });
  }

  replace(name: string, layer: LayerSpec): Graph {
    const at = this.#find(name);
    const old = this.layers[at]!;
    const replaced: LayerNode = {
      className: layer.className,
      config: { ...layer.config, name },
      name,
      inputs: old.inputs,
    };
    return this.#with({ layers: this.layers.with(at, replaced) });
  }

  /** Takes a layer with one input away; its consumers read that input instead. */
  remove(name: string): Graph {
    const gone = this.layers[this.#find(name)]!;
    if (gone.inputs.length !== 1)
      throw new RegimenError(
        "REG_HOOK",
        `the layer "${name}" has ${gone.inputs.length} inputs, so it cannot be taken away; expected 1`,
      );
    const [input] = gone.inputs as readonly [string];
    const rename = (other: string): string => (other === name ? input : other);
    return this.#with({
      layers: this.layers
        .filter((node) => node !== gone)
        .map((node) => (node.inputs.includes(name) ? { ...node, inputs: node.inputs.map(rename) } : node)),
      outputs: this.outputs.map(rename),
    });
  }

  #with(parts: Partial<GraphParts>): Graph {
    return new Graph({ ...this, ...parts });
  }

  #find(name: string): number {
    const at = this.layers.findIndex((layer) => layer.name === name);
    if (at < 0)
      throw new RegimenError(
        "REG_HOOK",
        `the model has no layer "${name}"; its layers are ${this.layers.map((layer) => layer.name).join(", ")}`,
      );
    return at;
  }

  #newName(layer: LayerSpec, from: string): string {
    const name = layer.config["name"] ?? `${from}_${layer.className.replace(/[^A-Za-z0-9]+/g, "_").toLowerCase()}`;
    if (typeof name !== "string" || this.layers.some((other) => other.name === name))
      throw new RegimenError(
        "REG_HOOK",
        `a layer ${JSON.stringify(name)} (${layer.className}) cannot be inserted: expected a name that is a string and that no other layer of the model has`,
      );
    return name;
  }
}

/** Any `Topology` as a `Graph`: one that somebody else implemented counts as functional. */
export function graphOf(topology: Topology): Graph {
  if (topology instanceof Graph) return topology;
  return new Graph({ name: "model", layers: topology.layers, outputs: topology.outputs, sequential: false });
}

export function byName(layers: readonly LayerNode[]): ReadonlyMap<string, LayerNode> {
  return new Map(layers.map((layer) => [layer.name, layer]));
}

/**
 * What the last layer with a kernel reads, found from the output backwards. A merge of several branches (an ensemble) or a
 * model without such a layer has no head: its features are what the search ended at.
 */
function featuresOf(layers: readonly LayerNode[], output: string): string {
  const named = byName(layers);
  let node = named.get(output)!;
  for (;;) {
    if (node.inputs.length !== 1) return node.name;
    const [input] = node.inputs as readonly [string];
    if (WEIGHTED.has(node.className) || !isPassive(node)) return input;
    node = named.get(input)!;
  }
}
