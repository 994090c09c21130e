import * as tfl from "@tensorflow/tfjs-layers";
import { createRng, type Samples } from "@regimen/core";
import { madeUpSamples } from "./samples.ts";
import { SHAPE, imagesOf } from "./technique/world.ts";

/**
 * Images of 8 × 8 pixels in three channels, 0..255, whose mean colour tells which of three classes they are of, under noise.
 * The same name and length: the same images. `labels`: those classes; or "chance", which say nothing of the images; or "none".
 */
export function madeUpColours(name: string, length: number, labels: "right" | "chance" | "none" = "right"): Samples {
  const { h, w, c, range, classes } = SHAPE;
  const given = new Float32Array(length * classes);
  for (let row = 0; row < length; row++) {
    const turn = labels === "right" ? row : Math.floor(row / classes);
    given[row * classes + (turn % classes)] = 1;
  }
  return madeUpSamples({
    name,
    format: { h, w, c, range },
    classes: ["a", "b", "c"],
    images: imagesOf(length, createRng("testkit").fork(name)),
    ...(labels !== "none" && { labels: given }),
  });
}

/**
 * A network for `madeUpColours` that trains in seconds, with layers that act otherwise in training than in inference
 * (batch normalization, dropout). The same seed: the same first weights. The caller disposes of it.
 */
export function madeUpNetwork(seed: number, filters = 6): tfl.LayersModel {
  const { h, w, c, classes } = SHAPE;
  const seeds = createRng(seed);
  const kernelInitializer = () => tfl.initializers.heNormal({ seed: 1 + seeds.int(2 ** 30) });
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        name: "conv",
        inputShape: [h, w, c],
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
        units: classes,
        activation: "softmax",
        kernelInitializer: kernelInitializer(),
      }),
    ],
  });
}
