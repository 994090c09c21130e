import type { LayerNode, Topology } from "@regimen/contracts";
import { isPassive } from "./classes.ts";
import { byName } from "./graph.ts";

/** A sum of a branch and what skips it, as in He et al. 2015. */
export type Residual = {
  /** The Add layer. */ readonly add: string;
  /** Where branch and skip part. */ readonly from: string;
  /** The branch's last layer: the Add's input to scale or to drop. */ readonly branch: string;
  /** The Add's other input: `from` itself where the skip is the identity without any layer. */ readonly skip: string;
  /** `projection`: a layer with a kernel lies on the skip. */ readonly kind: "identity" | "projection";
};

/**
 * The residual blocks of any model, in execution order: each Add of two inputs that part at one layer, where one way (the
 * skip) has no kernel or a single one, and the other (the branch) learns more. Pooling, padding, normalisation and
 * activations may lie on a skip. Branches may contain forks (squeeze-and-excitation, inner residuals).
 */
export function residuals(topology: Topology): readonly Residual[] {
  const layers = byName(topology.layers);
  const dominators = dominatorsOf(topology.layers);
  return topology.layers.flatMap((add) => {
    if (add.className !== "Add" || add.inputs.length !== 2) return [];
    const from = dominators.get(add.name)!;
    const ways = add.inputs.map((end) => wayBetween(layers, from, end));
    const [a, b] = ways as [Way, Way];
    if (a.layers.some((layer) => b.layers.includes(layer))) return [];
    const skip = isSkip(a, b) ? a : isSkip(b, a) ? b : undefined;
    if (!skip) return [];
    const branch = skip === a ? b : a;
    return [
      {
        add: add.name,
        from,
        branch: branch.end,
        skip: skip.end,
        kind: skip.kernels.length ? "projection" : "identity",
      } as const,
    ];
  });
}

/** The layers on all paths to an input of the Add, without the layer where they part. */
type Way = { readonly end: string; readonly layers: readonly LayerNode[]; readonly kernels: readonly LayerNode[] };

function wayBetween(layers: ReadonlyMap<string, LayerNode>, from: string, end: string): Way {
  const found = new Set<LayerNode>();
  const visit = (name: string): void => {
    const layer = layers.get(name)!;
    if (name === from || found.has(layer)) return;
    found.add(layer);
    layer.inputs.forEach(visit);
  };
  visit(end);
  const on = [...found];
  return { end, layers: on, kernels: on.filter((layer) => !isPassive(layer) && layer.inputs.length === 1) };
}

function isSkip(way: Way, other: Way): boolean {
  if (other.kernels.length === 0 || way.layers.some((layer) => layer.inputs.length > 1)) return false;
  if (way.kernels.length === 0) return true;
  if (way.kernels.length > 1) return false;
  return other.kernels.length > 1 || (isPointwise(way.kernels[0]!) && !isPointwise(other.kernels[0]!));
}

function isPointwise({ className, config }: LayerNode): boolean {
  const size = config["kernel_size"];
  return className === "Dense" || (Array.isArray(size) ? size.every((length) => length === 1) : size === 1);
}

/** For each layer, the nearest one that every path to it goes through. Layers are in execution order. */
function dominatorsOf(layers: readonly LayerNode[]): ReadonlyMap<string, string> {
  const nearest = new Map<string, string>();
  const depth = new Map<string, number>();
  const meet = (a: string, b: string): string => {
    while (a !== b) {
      if (depth.get(a)! >= depth.get(b)!) a = nearest.get(a)!;
      else b = nearest.get(b)!;
    }
    return a;
  };
  for (const { name, inputs } of layers) {
    if (inputs.length === 0) {
      depth.set(name, 0);
      continue;
    }
    const dominator = inputs.reduce(meet);
    nearest.set(name, dominator);
    depth.set(name, depth.get(dominator)! + 1);
  }
  return nearest;
}
