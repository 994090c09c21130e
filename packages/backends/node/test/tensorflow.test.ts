import { normal, uniform } from "@regimen/ops";
import { backendLaws } from "@regimen/testkit";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { node } from "../src/index.ts";

// Needs a tfjs-node that shares our tfjs-core: REGIMEN_TFJS_NODE names the folder it is installed in.
const folder = process.env["REGIMEN_TFJS_NODE"];
const title = folder ? "TensorFlow" : "TensorFlow (skipped: no native TensorFlow; run: npx regimen native)";

describe.skipIf(!folder)(title, () => {
  beforeAll(async () => {
    await node.load();
  });

  test("random numbers are stateless and have the right moments", async () => {
    await tf.setBackend("tensorflow");
    tf.tidy(() => {
      const n = 100_000;
      for (const [draw, mean, variance] of [
        [uniform, 0.5, 1 / 12],
        [normal, 0, 1],
      ] as const) {
        const values = draw(tf.tensor1d([1, 2], "int32"), [n]).dataSync<"float32">();
        expect(draw(tf.tensor1d([1, 2], "int32"), [n]).dataSync()).toEqual(values);
        expect(draw(tf.tensor1d([1, 3], "int32"), [n]).dataSync()).not.toEqual(values);
        const m = values.reduce((a: number, b: number) => a + b, 0) / n;
        expect(Math.abs(m - mean)).toBeLessThan(4.5 * Math.sqrt(variance / n));
        const v = values.reduce((a: number, b: number) => a + (b - mean) ** 2, 0) / n;
        expect(Math.abs(v - variance)).toBeLessThan(4.5 * variance * Math.sqrt(2 / n));
      }
      expect(uniform(tf.tensor1d([1, 2], "int32"), []).shape).toEqual([]);
    });
  });

  backendLaws(node, { describe, test });
});
