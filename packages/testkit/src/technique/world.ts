import * as tf from "@tensorflow/tfjs-core";
import type { SymbolicTensor } from "@tensorflow/tfjs-layers";
import * as tfl from "@tensorflow/tfjs-layers";
import { ORIGIN, createRng, type Rng, type Rows, type Shape, type Task } from "@regimen/core";

/** Six images of 8 × 8 pixels in three channels, three classes: big enough for every rule, small enough for a slow backend. */
export const SHAPE: Shape = { n: 6, h: 8, w: 8, c: 3, range: [0, 255], classes: 3 };
const CAPACITY = 3;

/** Where no backend was chosen, the one that runs everywhere. */
export async function ready(): Promise<void> {
  if (!tf.getBackend()) await import("@tensorflow/tfjs-backend-cpu");
  await tf.ready();
}

/** [n, h, w, c]: the mean colour tells the class (row number modulo classes), under noise. */
export function imagesOf(n: number, rng: Rng): Float32Array {
  const { h, w, c, classes } = SHAPE;
  return Float32Array.from({ length: n * h * w * c }, (_, at) => {
    const row = Math.floor(at / (h * w * c));
    const base = 60 + 40 * ((row + (at % c)) % classes);
    return Math.round(base + 40 * (rng.uniform() - 0.5));
  });
}

/**
 * One batch. `pictures`: also boxes and masks; and then the last example has no
 * label, as in semi-supervised training.
 */
export function rowsOf(task: Task, pictures: boolean): Rows {
  const { n, h, w, classes } = SHAPE;
  const rng = createRng("testkit").fork("rows");
  const labels = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) labels[i * classes + (i % classes)] = 1;
  if (task === "multilabel_classification")
    for (let i = 0; i < n; i++) labels[i * classes + ((i + 1) % classes)] = i % 2;
  const images = imagesOf(n, rng.fork("images"));
  const weights = new Float32Array(n).fill(1);
  const origin = new Float32Array(n).fill(ORIGIN.labelled);
  if (!pictures) return { images, labels, weights, origin };
  labels.fill(Number.NaN, (n - 1) * classes);
  [weights[n - 1], origin[n - 1]] = [0, ORIGIN.unlabelled];
  const corners = rng.fork("boxes");
  const at = new Float32Array(n * CAPACITY * 4);
  const boxLabels = new Float32Array(n * CAPACITY * classes);
  const boxWeights = new Float32Array(n * CAPACITY);
  for (let box = 0; box < n * CAPACITY; box++) {
    const [y, x] = [corners.int(h - 4), corners.int(w - 4)];
    at.set([y, x, y + 2 + corners.int(3), x + 2 + corners.int(3)], 4 * box);
    boxLabels[box * classes + corners.int(classes)] = 1;
    // The last place is padding.
    boxWeights[box] = box % CAPACITY < CAPACITY - 1 ? 1 : 0;
  }
  const inside = rng.fork("masks");
  const masks = Int32Array.from({ length: n * h * w }, () => inside.int(classes));
  return { images, labels, weights, origin, boxes: { at, labels: boxLabels, weights: boxWeights }, masks };
}

/** A residual network in small: convolutions, batch normalisation, one skip, a head. The caller disposes of it. */
export function buildModel(task: Task): tfl.LayersModel {
  const { h, w, c, classes } = SHAPE;
  const seeds = createRng("testkit").fork("model");
  const kernelInitializer = (): ReturnType<typeof tfl.initializers.heNormal> =>
    tfl.initializers.heNormal({ seed: seeds.int(2 ** 30) });
  const conv = (name: string, x: SymbolicTensor, strides = 1): SymbolicTensor =>
    tfl.layers
      .conv2d({
        name,
        filters: 4,
        kernelSize: 3,
        strides,
        padding: "same",
        useBias: false,
        kernelInitializer: kernelInitializer(),
      })
      .apply(x) as SymbolicTensor;
  const normal = (name: string, x: SymbolicTensor): SymbolicTensor =>
    tfl.layers.batchNormalization({ name }).apply(x) as SymbolicTensor;
  const relu = (name: string, x: SymbolicTensor): SymbolicTensor =>
    tfl.layers.reLU({ name }).apply(x) as SymbolicTensor;
  const input = tfl.input({ shape: [h, w, c], name: "input" });
  const stem = relu("stem/relu", normal("stem/norm", conv("stem/conv", input, 2)));
  const branch = normal("block/norm", conv("block/conv", stem));
  const sum = tfl.layers.add({ name: "block/add" }).apply([stem, branch]) as SymbolicTensor;
  const features = tfl.layers.globalAveragePooling2d({ name: "pool" }).apply(relu("block/relu", sum)) as SymbolicTensor;
  const activation = task === "multilabel_classification" ? "sigmoid" : "softmax";
  const head = tfl.layers.dense({ name: "head", units: classes, activation, kernelInitializer: kernelInitializer() });
  return tfl.model({ inputs: input, outputs: head.apply(features) as SymbolicTensor });
}
