import type { Topology, WrapOptions } from "@regimen/contracts";

const NORMALIZING = new Set(["BatchNormalization", "LayerNormalization", "Normalization", "Rescaling"]);
/** What may stand between the images and a model's own normalisation. */
const SHAPING = new Set(["CenterCrop", "Cropping2D", "Permute", "Reshape", "Resizing", "ZeroPadding2D"]);

/**
 * (image − mean) / std per channel, as a Rescaling layer right behind the input: part of the saved model, which so takes raw
 * pixels. It cannot be folded into the first convolution, since that pads with zeros after it, not before. A channel that
 * never varies is only centred. Unchanged where `by` is undefined or the model normalises its input itself.
 */
export function withNormalization(topology: Topology, by: WrapOptions["normalization"]): Topology {
  if (!by || normalisesItself(topology)) return topology;
  const scale = by.std.map((std) => (std > 0 ? 1 / std : 1));
  const offset = by.mean.map((mean, channel) => -mean * scale[channel]!);
  const input = inputOf(topology);
  return topology.insert(
    { from: input },
    { className: "Rescaling", config: { name: `${input}_rescaling`, scale, offset } },
  );
}

function normalisesItself(topology: Topology): boolean {
  for (let at = inputOf(topology); ;) {
    const consumers = topology.layers.filter((layer) => layer.inputs.includes(at));
    const [next] = consumers;
    if (!next || consumers.length > 1) return false;
    if (NORMALIZING.has(next.className)) return true;
    if (!SHAPING.has(next.className)) return false;
    at = next.name;
  }
}

function inputOf(topology: Topology): string {
  return topology.layers.find((layer) => layer.inputs.length === 0)!.name;
}
