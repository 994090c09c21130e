import * as tfl from "@tensorflow/tfjs-layers";
import { createRng, type Samples } from "@regimen/core";

export const SIDE = 8;
const CLASSES = 3;

/** A small network with layers that act otherwise in training than in inference. The caller disposes of it. */
export function network(seed: number, filters = 6): tfl.LayersModel {
  const seeds = createRng(seed);
  const kernelInitializer = () => tfl.initializers.heNormal({ seed: 1 + seeds.int(2 ** 30) });
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: "conv",
        inputShape: [SIDE, SIDE, 3],
        filters,
        kernelSize: 3,
        strides: 2,
        kernelInitializer: kernelInitializer(),
      }),
      tfl.layers.batchNormalization({ name: "norm" }),
      tfl.layers.reLU({ name: "relu" }),
      tfl.layers.globalAveragePooling2d({ name: "pool", dataFormat: "channelsLast" }),
      tfl.layers.dropout({ name: "drop", rate: 0.2 }),
      tfl.layers.dense({
        name: "head",
        units: CLASSES,
        activation: "softmax",
        kernelInitializer: kernelInitializer(),
      }),
    ],
  });
}

/** Images whose mean colour tells their class, under noise. `honest: false`: labels that say nothing. */
export function samples(name: string, length: number, honest = true): Samples {
  const rng = createRng("distillation").fork(name);
  const width = SIDE * SIDE * 3;
  const images = Float32Array.from({ length: length * width }, (_, at) => {
    const row = Math.floor(at / width);
    return Math.round(60 + 50 * ((row + (at % 3)) % CLASSES) + 60 * (rng.uniform() - 0.5));
  });
  const labels = new Float32Array(length * CLASSES);
  for (let row = 0; row < length; row++)
    labels[row * CLASSES + (honest ? row % CLASSES : Math.floor(row / CLASSES) % CLASSES)] = 1;
  return {
    name,
    length,
    format: { h: SIDE, w: SIDE, c: 3, range: [0, 255] },
    classes: ["a", "b", "c"],
    skipped: [],
    labels: () => labels,
    id: (row) => `${name}/${row}`,
    read: async (rows) => {
      const picked = new Float32Array(rows.length * width);
      for (let i = 0; i < rows.length; i++)
        picked.set(images.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
      return { images: picked };
    },
    dispose: () => undefined,
  };
}
