import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { KERNELS, swish } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, onEachBackend, random, values } from "./backends.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

onEachBackend((backend) => {
  test("x · σ(x) and its derivative, in double precision", () => {
    leavesNothing(() =>
      tf.tidy(() => {
        // As far as float32 tells σ from 0 and 1, and odd lengths for kernels that take four at once.
        const x = tf.concat([tf.mul(random([101], 1), 12), tf.tensor1d([0, -0, 1e-20, -1e-20, 20, -20])]);
        const dy = random([107], 2);
        const at = [...values(x)];
        expect(
          difference(
            values(swish(x)),
            at.map((v) => v * sigmoid(v)),
          ),
        ).toBeLessThan(1e-6);
        const slopes = at.map((v) => sigmoid(v) * (1 + v * (1 - sigmoid(v))));
        const got = values(tf.grad((x) => swish(x))(x, dy));
        expect(
          difference(
            got,
            [...values(dy)].map((d, i) => d * slopes[i]!),
          ),
        ).toBeLessThan(1e-6);
      }),
    );
  });

  test("large inputs give themselves and 0, with slopes 1 and 0", () => {
    tf.tidy(() => {
      const x = tf.tensor1d([200, -200, 1e30, -1e30]);
      expect([...values(swish(x))].map((v) => v + 0)).toEqual([...Float32Array.from([200, 0, 1e30, 0])]);
      expect([...values(tf.grad((x) => swish(x))(x))].map((v) => v + 0)).toEqual([1, 0, 1, 0]);
    });
  });

  test("the gradient by central differences, in four dimensions", () => {
    checkGradients((x) => swish(x), [tf.mul(random([2, 3, 3, 5], 3), 4)]);
  });

  test("a backend's own kernels are used, forward and backward", () => {
    const run: string[] = [];
    const fake = (kernelName: string, value: number): (() => void) => {
      const own = tf.getKernel(kernelName, backend);
      if (own) tf.unregisterKernel(kernelName, backend);
      tf.registerKernel({
        kernelName,
        backendName: backend,
        kernelFunc: ({ inputs }) => {
          run.push(`${kernelName} ${Object.keys(inputs).join(" ")}`);
          return tf.fill(inputs["x"]!.shape, value);
        },
      });
      return () => {
        tf.unregisterKernel(kernelName, backend);
        if (own) tf.registerKernel(own);
      };
    };
    const undo = [fake(KERNELS.swish, 3), fake(KERNELS.swishGrad, 5)];
    try {
      tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad((x) => swish(x))(tf.ones([2]));
        expect([values(value)[1], values(grad)[1]]).toEqual([3, 5]);
      });
      expect(run).toEqual([`${KERNELS.swish} x`, `${KERNELS.swishGrad} dy x`]);
    } finally {
      undo.forEach((restore) => restore());
    }
  });
});
