import { RegimenError, type ImageFormat, type LayerSpec, type WrapOptions } from "@regimen/core";
import { copyWeights, initialise, modelOf, topologyOf, uninitialised } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import type { LayersModel } from "@tensorflow/tfjs-layers";

/** What the last layer of a detector says of each cell beside its classes: where the box is. */
export const BOX = 4;
/** Filters of the head: as many as the map below has, within these. */
const FILTERS = [32, 128] as const;
/** What a class's probability is at first (Lin et al. 2017, section 4.1): background is the rule. */
const PRIOR = 0.01;

/**
 * A detector on a model's feature map. A model that ends in a convolution of [rows, columns, classes + 4] is a detector already,
 * and comes back itself; of any other the last map [rows, columns, depth] is kept, what is behind it (pooling, a classifier's
 * head) goes, and a new head comes: two 3×3 convolutions with batch normalisation and relu, and one of 1×1. The caller owns
 * that model; the weights in it are copies. Errors: REG_MODEL_INPUT, REG_MODEL_OUTPUT, REG_MODEL_UNSUPPORTED.
 */
export async function withHead(
  model: LayersModel,
  { format, classes, rng }: Pick<WrapOptions, "format" | "classes" | "rng">,
): Promise<LayersModel> {
  checkInput(model, format);
  const map = lastMap(model, format);
  const [rows, columns, depth] = map.shape.slice(1) as [number, number, number];
  const ends = map === model.outputs[0];
  if (ends && depth === classes + BOX && isLinear(map)) return model;
  const below = ends ? model : tfl.model({ name: model.name, inputs: model.inputs[0]!, outputs: map });
  const backbone = topologyOf(below);
  const filters = Math.min(FILTERS[1], Math.max(FILTERS[0], depth));
  const topology = layersOf(filters, classes).reduce(
    (graph, layer) => graph.insert({ from: graph.outputs[0]! }, layer),
    backbone,
  );
  const copied = new Set(backbone.layers.map(({ name }) => name));
  const built = await modelOf(uninitialised(initialise(topology, rng.fork("head")), copied));
  copyWeights(below, built, { every: "source" });
  const output = built.getLayer(topology.outputs[0]!);
  tf.tidy(() => {
    // A box is in the middle of its cell and a quarter of the picture wide, until it learns better.
    const place = [0, 0, Math.log(rows / 4), Math.log(columns / 4)];
    const background = new Array<number>(classes).fill(-Math.log((1 - PRIOR) / PRIOR));
    output.setWeights([output.getWeights()[0]!, tf.tensor1d([...background, ...place])]);
  });
  return built;
}

function layersOf(filters: number, classes: number): LayerSpec[] {
  const conv = (name: string, more: LayerSpec["config"]): LayerSpec => ({
    className: "Conv2D",
    config: { name, strides: [1, 1], padding: "same", kernel_initializer: "HeNormal", ...more },
  });
  const tower = [1, 2].flatMap((i) => [
    conv(`detect${i}_conv`, { filters, kernel_size: [3, 3], use_bias: false }),
    { className: "BatchNormalization", config: { name: `detect${i}_bn`, momentum: 0.9, epsilon: 1e-5 } },
    { className: "Activation", config: { name: `detect${i}_relu`, activation: "relu" } },
  ]);
  const small = { class_name: "RandomNormal", config: { mean: 0, stddev: 0.01 } };
  return [...tower, conv("detections", { filters: classes + BOX, kernel_size: [1, 1], kernel_initializer: small })];
}

/** Whether a convolution without an activation gave it. */
const isLinear = ({ sourceLayer }: tfl.SymbolicTensor): boolean =>
  sourceLayer.getClassName() === "Conv2D" && (sourceLayer.getConfig()["activation"] ?? "linear") === "linear";

function checkInput(model: LayersModel, { h, w, c }: ImageFormat): void {
  const input = model.inputs[0]!.shape.slice(1);
  if (input.length !== 3 || ![h, w, c].every((side, i) => input[i] === side))
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model "${model.name}" takes [${input.map((side) => side ?? "any").join(", ")}] and the images are [${h}, ${w}, ${c}] (height, width, channels); build it with inputShape [${h}, ${w}, ${c}], or read the images in the model's size`,
    );
}

/** From the output backwards, the first map of at least 2 × 2 that is not the image itself. */
function lastMap(model: LayersModel, { h, w }: ImageFormat): tfl.SymbolicTensor {
  for (let at = model.outputs[0]!; ;) {
    const [, rows, columns] = at.shape;
    if (at !== model.inputs[0] && at.rank === 4 && rows! > 1 && columns! > 1 && rows! <= h && columns! <= w) return at;
    const { inputTensors } = at.sourceLayer.inboundNodes[at.nodeIndex]!;
    if (at === model.inputs[0] || inputTensors.length !== 1)
      throw new RegimenError(
        "REG_MODEL_OUTPUT",
        `the model "${model.name}" has no feature map [rows, columns, depth] before its output; expected a convolutional network: one that ends in such a map, in pooling, or in dense layers`,
      );
    at = inputTensors[0]!;
  }
}
