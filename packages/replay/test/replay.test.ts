import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import { recorderLaws } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import { replay } from "../src/index.ts";

recorderLaws(
  "WebAssembly",
  async () => {
    await wasm.load();
    return replay;
  },
  { describe, it },
);

describe("a replay", () => {
  it("calls only the kernels that its answer needs", async () => {
    await tf.setBackend("cpu");
    const called: string[] = [];
    const recording = replay({ x: tf.scalar(2) }, ({ x }) => {
      tf.exp(x!);
      return { y: tf.square(tf.add(x!, 1)) };
    });
    const square = tf.getKernel("Square", "cpu");
    const exp = tf.getKernel("Exp", "cpu");
    // Recordings hold the kernels of when they were made: new ones, with spies, for a second recording.
    for (const kernel of [square, exp]) {
      tf.unregisterKernel(kernel.kernelName, "cpu");
      tf.registerKernel({
        ...kernel,
        kernelFunc: (args) => {
          called.push(kernel.kernelName);
          return kernel.kernelFunc(args);
        },
      });
    }
    const spied = replay({ x: tf.scalar(2) }, ({ x }) => {
      tf.exp(x!);
      return { y: tf.square(tf.add(x!, 1)) };
    });
    called.length = 0;
    expect(spied.run({ x: tf.scalar(3) })["y"]!.dataSync()[0]).toBe(16);
    expect(called).toEqual(["Square"]);
    expect(recording.run({ x: tf.scalar(4) })["y"]!.dataSync()[0]).toBe(25);
    for (const kernel of [square, exp]) {
      tf.unregisterKernel(kernel.kernelName, "cpu");
      tf.registerKernel(kernel);
    }
  });
});
