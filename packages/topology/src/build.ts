import { RegimenError, type LayerNode, type Topology } from "@regimen/contracts";
import * as tfl from "@tensorflow/tfjs-layers";
import { graphOf, type Graph } from "./graph.ts";
import { registerLayers } from "./layers/register.ts";

type ModelJson = Parameters<typeof tfl.models.modelFromJSON>[0];

/**
 * Builds a model with fresh weights, which the caller owns. A chain that came from a `tf.Sequential` is one again, unless
 * `outputs` asks for the outputs of particular layers. Errors: REG_MODEL_UNSUPPORTED where tfjs refuses the graph.
 */
export async function modelOf(
  topology: Topology,
  how: { readonly outputs?: readonly string[] } = {},
): Promise<tfl.LayersModel> {
  registerLayers();
  const graph = graphOf(topology);
  const json = how.outputs === undefined && isChain(graph) ? sequential(graph) : functional(graph, how.outputs);
  try {
    // JSON drops what is undefined, which tfjs cannot convert. tfjs' own type asks for an index signature.
    return await tfl.models.modelFromJSON(JSON.parse(JSON.stringify(json)) as ModelJson);
  } catch (cause) {
    if (cause instanceof RegimenError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `tfjs cannot build the model "${graph.name}" after its layers were rewritten: ${why}`,
      { cause },
    );
  }
}

function isChain(graph: Graph): boolean {
  return (
    graph.sequential &&
    graph.layers.every((layer, i) => (i === 0 ? layer.inputs.length === 0 : follows(layer, graph.layers[i - 1]!)))
  );
}

const follows = (layer: LayerNode, previous: LayerNode): boolean =>
  layer.inputs.length === 1 && layer.inputs[0] === previous.name;

function sequential({ name, layers }: Graph): object {
  const [input, first, ...rest] = layers;
  // The input layer that tfjs makes for a sequential model has no entry of its own: its shape stands in the first layer.
  const implied = first && input!.name === `${first.name}_input`;
  const chain = implied
    ? [
        {
          ...first,
          config: {
            ...first.config,
            batch_input_shape: input!.config["batch_input_shape"],
            dtype: input!.config["dtype"],
          },
        },
        ...rest,
      ]
    : layers;
  const spec = (layer: LayerNode): object => ({ class_name: layer.className, config: verbatim(layer) });
  return { class_name: "Sequential", config: { name, layers: chain.map(spec) } };
}

function functional({ name, layers, outputs }: Graph, asked = outputs): object {
  const edge = (layer: string): readonly [string, number, number] => [layer, 0, 0];
  const entry = (layer: LayerNode): object => ({
    name: layer.name,
    class_name: layer.className,
    config: verbatim(layer),
    inbound_nodes: layer.inputs.length ? [layer.inputs.map((input) => [...edge(input), {}])] : [],
  });
  const inputs = layers.filter((layer) => layer.inputs.length === 0);
  return {
    class_name: "Model",
    config: {
      name,
      layers: layers.map(entry),
      input_layers: inputs.map((layer) => edge(layer.name)),
      output_layers: asked.map(edge),
    },
  };
}

/**
 * tfjs turns "snake_case" strings of a config into "snakeCase", all but those under the key `name`. Texts in the configs of
 * Regimen's own layers (a package's name, say) travel under that key.
 */
function verbatim({ className, config }: LayerNode): object {
  if (!className.startsWith("Regimen>")) return config;
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      TEXTS.has(key) && typeof value === "string" ? { name: value } : value,
    ]),
  );
}
const TEXTS = new Set(["owner", "fed"]);
