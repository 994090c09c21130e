import assert from "node:assert/strict";
import { colour, identityColour, identityWarp, warp, type WarpOptions } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { Law } from "../runner.ts";
import { cases } from "./cases/index.ts";
import { numbers, read, valueOf } from "./measure.ts";

const MODES: readonly WarpOptions[] = [
  { interpolation: "bilinear", fill: "reflect" },
  { interpolation: "bilinear", fill: "constant", value: 0.7 },
  { interpolation: "nearest", fill: "reflect" },
  { interpolation: "nearest", fill: "constant" },
];

/** What must hold to the last bit. */
export const bits: readonly Law[] = [
  {
    name: "where a warp is the identity, the image is copied to the bit",
    async check() {
      for (const how of MODES) await copies((images) => warp(images, tf.add(identityWarp(2), shift()), how));
    },
  },
  {
    name: "where a colour map is the identity, the image is copied to the bit",
    check: () => copies((images) => colour(images, tf.add(identityColour(2, 3), tint()), [-0.5, 0.5])),
  },
  {
    name: "the same inputs give the same bits",
    async check() {
      for (const one of cases.filter(({ name }) => name.includes("three steps"))) {
        const [first, second] = [await valueOf(one), await valueOf(one)];
        assert.deepEqual(second.values, first.values, one.name);
      }
    },
  },
];

/** The second image is changed, the first is not. */
async function copies(change: (images: tf.Tensor4D) => tf.Tensor): Promise<void> {
  const pixels = numbers(2 * 4 * 5 * 3, 2);
  const changed = tf.tidy(() => change(tf.tensor4d(pixels, [2, 4, 5, 3])));
  const [values] = await read([changed]);
  const image = pixels.length / 2;
  assert.deepEqual(values!.slice(0, image), pixels.slice(0, image));
  assert.notDeepEqual(values!.slice(image), pixels.slice(image));
}

const shift = (): tf.Tensor => tf.tensor2d([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0], [2, 8]);
const tint = (): tf.Tensor => tf.mul(tf.tensor3d([0, 0.3], [2, 1, 1]), tf.ones([2, 3, 4]));
