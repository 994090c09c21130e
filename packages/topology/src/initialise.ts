import type { Json, Rng, Topology } from "@regimen/contracts";
import { isConfig, type Config } from "./classes.ts";
import { Graph, graphOf } from "./graph.ts";

/** By the name that Keras' JSON uses, lower case and without underscores. */
const SEEDABLE = new Map(
  [
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "LeCunNormal",
    "LeCunUniform",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
  ].map((name) => [plain(name), name]),
);

/** What tfjs uses where a config names no initializer: a layer that a technique inserts may leave it out. */
const CONVOLUTION = { kernel_initializer: "GlorotNormal" };
const DEFAULTS: { readonly [className: string]: { readonly [key: string]: string } } = {
  Conv1D: CONVOLUTION,
  Conv2D: CONVOLUTION,
  Conv2DTranspose: CONVOLUTION,
  Conv3D: CONVOLUTION,
  Conv3DTranspose: CONVOLUTION,
  Dense: CONVOLUTION,
  DepthwiseConv2D: { depthwise_initializer: "GlorotNormal" },
  SeparableConv2D: { depthwise_initializer: "GlorotUniform", pointwise_initializer: "GlorotUniform" },
};

/**
 * Gives every random initializer a seed derived from `rng`, the layer's name and the initializer's key: the built model has
 * the same weights on every backend (tfjs draws them on the host), and a layer more does not move another layer's.
 */
export function initialise(topology: Topology, rng: Rng): Topology {
  return mapConfigs(graphOf(topology), (name, className, config) => {
    const defaults = DEFAULTS[className] ?? {};
    return seeded({ ...defaults, ...config }, rng.fork(name));
  });
}

/** Zeros in place of random numbers for the layers named, whose weights will be overwritten: large models build in no time. */
export function uninitialised(topology: Topology, layers: ReadonlySet<string>): Topology {
  return mapConfigs(graphOf(topology), (name, className, config) => {
    if (!layers.has(name)) return config;
    return mapInitializers({ ...DEFAULTS[className], ...config }, () => ZEROS);
  });
}
const ZEROS = { class_name: "Zeros", config: {} };

function seeded(config: Config, rng: Rng): Config {
  return mapInitializers(config, (value, path) => {
    const { className, rest } = named(value);
    const known = SEEDABLE.get(plain(className));
    // tfjs takes the seed 0 for no seed.
    return known === undefined
      ? value
      : { class_name: known, config: { ...rest, seed: rng.fork(path).seed()[0]! + 1 } };
  });
}

/** Wrappers (Bidirectional, TimeDistributed) hold whole layers in their config: `path` says where in it one is. */
function mapInitializers(config: Config, change: (value: Json, path: string) => Json, path = ""): Config {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      const here = `${path}${key}`;
      if (key.endsWith("_initializer") && value) return [key, change(value, here)];
      return [key, isConfig(value) ? mapInitializers(value, change, `${here}/`) : value];
    }),
  );
}

function named(initializer: Json): { className: string; rest: Config } {
  if (typeof initializer === "string") return { className: initializer, rest: {} };
  const { class_name: className, config } = initializer as { class_name: string; config?: Config };
  return { className, rest: config ?? {} };
}

function mapConfigs(graph: Graph, change: (name: string, className: string, config: Config) => Config): Graph {
  return new Graph({
    name: graph.name,
    outputs: graph.outputs,
    sequential: graph.sequential,
    layers: graph.layers.map((layer) => ({ ...layer, config: change(layer.name, layer.className, layer.config) })),
  });
}

function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}
