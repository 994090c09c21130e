import "@tensorflow/tfjs-layers";
import { batchNormTrain, relu, uniform } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { webgpu } from "../src/index.ts";
import { softwareVulkan } from "./software.ts";

const why =
  softwareVulkan() ??
  (process.env["REGIMEN_WEBGPU_ALL"] === "1" ? undefined : "some seconds of software; REGIMEN_WEBGPU_ALL=1 runs it");

describe.skipIf(why)(why ? `large tensors (skipped: ${why})` : "large tensors", () => {
  beforeAll(async () => {
    await webgpu.load();
  });

  it("of more workgroups than one dimension of a dispatch may have", async () => {
    // 65,535 groups of 64 threads, four numbers each, and some more.
    const size = 4 * 64 * 65_600;
    const y = tf.tidy(() => tf.grad((x) => relu(x))(tf.fill([size], 2)));
    const sum = await tf.tidy(() => tf.sum(y)).data();
    expect(sum[0]).toBe(size);
    y.dispose();
  });

  it("have the mean and the variance of all their rows", async () => {
    const [rows, channels] = [280_004, 3];
    const x = tf.tidy(() => tf.add(uniform(tf.tensor1d([1, 2], "int32"), [rows, channels]), 10));
    const { y, mean, variance } = tf.tidy(() => batchNormTrain(x, null, null, 1e-3));
    const [values, means, variances] = await Promise.all([x.data(), mean.data(), variance.data()]);
    for (let k = 0; k < channels; k++) {
      const column = Float64Array.from({ length: rows }, (_, row) => values[row * channels + k]!);
      const expected = column.reduce((sum, value) => sum + value, 0) / rows;
      const spread = column.reduce((sum, value) => sum + (value - expected) ** 2, 0) / rows;
      expect(Math.abs(means[k]! - expected)).toBeLessThan(2e-6);
      expect(Math.abs(variances[k]! - spread)).toBeLessThan(1e-6);
    }
    tf.dispose([x, y, mean, variance]);
  });
});
