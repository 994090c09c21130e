import type { Architecture } from "@regimen/contracts";
import { efficientnetb0, resnet18, resnet20, smallCnn, smallDetector, unet } from "@regimen/models";
import { joinModels } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";

type Format = Parameters<Architecture["build"]>[0]["format"];

/**
 * Scales, shifts, biases and statistics that are not what they were initialised with, as after training. `gain` is for models
 * that halve what they see again and again until they are trained.
 */
export function stirred<M extends tfl.LayersModel>(model: M, gain = 1): M {
  tf.tidy(() => {
    model.weights.forEach((weight, at) => {
      if (weight.shape.length > 1) return;
      const noise = tf.randomNormal(weight.shape as number[], 0, 0.2, "float32", at + 1);
      const { originalName: name } = weight;
      const value = name.endsWith("gamma") ? tf.mul(weight.read(), gain) : weight.read();
      weight.write(tf.add(value, name.endsWith("moving_variance") ? tf.abs(noise) : noise));
    });
  });
  return model;
}

/** With kernels that are the same in each run: the layers' own initialisers draw new ones. */
export function sown<M extends tfl.LayersModel>(model: M): M {
  tf.tidy(() => {
    model.weights.forEach((weight, at) => {
      if (weight.shape.length > 1)
        weight.write(tf.randomNormal(weight.shape as number[], 0, 0.3, "float32", 1000 + at));
    });
  });
  return model;
}

type Built = { readonly width?: number; readonly gain?: number };
async function built(
  architecture: Architecture,
  side: number,
  { width = 1, gain = 1 }: Built = {},
): Promise<tfl.LayersModel> {
  let seed = 0;
  const format = { h: side, w: side, c: 3, range: [0, 255] } as Format;
  return stirred(await architecture.build({ format, classes: 10, with: { width }, seeds: () => seed++ }), gain);
}

async function ensemble(): Promise<tfl.LayersModel> {
  const members = [await built(smallCnn, 16), await built(resnet20, 16)];
  const joined = await joinModels(members);
  for (const member of members) member.dispose();
  return joined;
}

/** A map of classes and boxes, as the detector's scaffold puts behind its backbone. */
async function detector(): Promise<tfl.LayersModel> {
  const backbone = await built(smallDetector, 16);
  const head = tfl.layers.conv2d({ name: "detections", filters: 14, kernelSize: 1, kernelInitializer: "randomNormal" });
  return tfl.model({ inputs: backbone.inputs, outputs: head.apply(backbone.outputs[0]!) as tfl.SymbolicTensor });
}

/** What must come out as it went in, by name; narrow where the full width would only take longer. */
export const SHOWN: Readonly<Record<string, { readonly side: number; build(): Promise<tfl.LayersModel> }>> = {
  "ResNet-20": { side: 16, build: () => built(resnet20, 16) },
  "ResNet-18": { side: 16, build: () => built(resnet18, 16, { width: 0.25 }) },
  "EfficientNet-B0": { side: 16, build: () => built(efficientnetb0, 16, { width: 0.5, gain: 1.45 }) },
  "U-Net": { side: 16, build: () => built(unet, 16) },
  detector: { side: 16, build: detector },
  ensemble: { side: 16, build: ensemble },
};

/** Random images, the same for each call. */
export function imagesOf(side: number, count = 2): tf.Tensor {
  return tf.randomNormal([count, side, side, 3], 0, 1, "float32", 7);
}
