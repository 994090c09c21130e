import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient } from "../case.ts";

type Four = tf.Tensor4D;

/** Pooling, also where all values of a window are negative, and where windows overlap or reach over the border. */
export const pooling = collect((add) => {
  for (const channels of [3, 4]) {
    const named = (name: string) => `${name}, ${channels} channels`;
    add(named("maxPool 2×2"), (x: Four) => tf.maxPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
    add(named("maxPool 3×3 stride 2 same"), (x: Four) => tf.maxPool(x, 3, 2, "same"), [[2, 8, 8, channels]]);
    add(named("maxPool 3×3 stride 1 same"), (x: Four) => tf.maxPool(x, 3, 1, "same"), [[2, 5, 6, channels]]);
    add(named("maxPool of negatives"), (x: Four) => tf.maxPool(tf.sub(x, 3), 2, 2, "valid"), [[2, 4, 4, channels]]);
    add(named("maxPool of negatives, same"), (x: Four) => tf.maxPool(tf.sub(x, 3), 3, 2, "same"), [
      [2, 5, 5, channels],
    ]);
    add(named("avgPool 2×2"), (x: Four) => tf.avgPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
    add(named("avgPool 3×3 stride 2 same"), (x: Four) => tf.avgPool(x, 3, 2, "same"), [[2, 8, 8, channels]]);
    add(named("avgPool 3×3 same"), (x: Four) => tf.avgPool(x, 3, 1, "same"), [[2, 5, 5, channels]]);
    add(named("avgPool 3×2, strides 2 and 1"), (x: Four) => tf.avgPool(x, [3, 2], [2, 1], "valid"), [
      [2, 7, 5, channels],
    ]);
  }
  add("maxPool with padding by number", (x: Four) => tf.maxPool(x, 3, 2, 1), [[2, 7, 7, 4]]);
  add("maxPool 1×1", (x: Four) => tf.maxPool(x, 1, 2, "same"), [[2, 5, 5, 4]]);
  add("avgPool 1×1", (x: Four) => tf.avgPool(x, 1, 2, "same"), [[2, 5, 5, 4]]);
  add("global average pooling", (x) => tf.mean(x, [1, 2]), [[3, 4, 4, 10]]);
  add("global average pooling, kept", (x) => tf.mean(x, [1, 2], true), [[3, 4, 4, 8]]);
  add("global max pooling", (x) => tf.max(x, [1, 2]), [[3, 4, 4, 5]]);
  add("squeeze and excitation", (x, gate) => tf.mul(x, tf.reshape(tf.sigmoid(gate), [3, 1, 1, 8])), [
    [3, 4, 4, 8],
    [3, 8],
  ]);
  add("maxPool3d", (x: tf.Tensor5D) => tf.maxPool3d(x, 2, 2, "valid"), [[1, 4, 4, 4, 3]]);
  add("avgPool3d", (x: tf.Tensor5D) => tf.avgPool3d(x, 2, 2, "valid"), [[1, 4, 4, 4, 3]]);
  add("avgPool3d same", (x: tf.Tensor5D) => tf.avgPool3d(x, 3, 2, "same"), [[1, 4, 5, 4, 2]]);
  add("pool with dilation", (x: Four) => tf.pool(x, 2, "max", "valid", 2), [[1, 6, 6, 3]]);
  add("maxPoolWithArgmax", (x: Four) => tf.maxPoolWithArgmax(x, 2, 2, "valid")["indexes"]!, [[1, 4, 4, 3]], noGradient);
});
