import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import { beforeAll, expect, test } from "vitest";
import plugin, { wasm } from "../src/index.ts";

beforeAll(async () => {
  await wasm.load();
});

function numbers(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) % 1);
}

/** A convolution's gradients, through kernels with and without scratch memory. */
function gradients(): Float32Array[] {
  return tf.tidy(() => {
    const x = tf.tensor4d(numbers(4 * 12 * 12 * 5), [4, 12, 12, 5]);
    const filter = tf.tensor4d(numbers(3 * 3 * 5 * 7), [3, 3, 5, 7]);
    return tf
      .grads((x, filter) => tf.maxPool(tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, "same"), 3, 2, "same"))([
        x,
        filter,
      ])
      .map((gradient) => gradient.dataSync() as Float32Array);
  });
}

test("the plug-in registers one backend, for auto", () => {
  const seen: unknown[] = [];
  plugin.register({ backend: (backend: unknown) => seen.push(backend) } as unknown as Parameters<
    typeof plugin.register
  >[0]);
  expect(seen).toEqual([wasm]);
  expect([wasm.name, wasm.rank, wasm.auto]).toEqual(["wasm", 40, true]);
});

test("loading twice changes nothing, and says what was loaded", async () => {
  const kernel = tf.getKernel("Conv2DBackpropFilter", "wasm");
  expect(await wasm.load()).toMatchObject({ tfjs: "wasm", version: "4.22.0", device: "WebAssembly SIMD, one thread" });
  expect(tf.getKernel("Conv2DBackpropFilter", "wasm")).toBe(kernel);
  expect(tf.getBackend()).toBe("wasm");
});

test("the same inputs give the same bits", () => {
  expect(gradients()).toEqual(gradients());
});

test("kernels work on after the memory has grown", () => {
  const before = gradients();
  const memory = (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm.memory;
  const bytes = memory.buffer.byteLength;
  const large = tf.zeros([bytes / 4]);
  expect(memory.buffer.byteLength).toBeGreaterThan(bytes);
  expect(gradients()).toEqual(before);
  const gathered = tf.tidy(() => tf.gather(tf.tensor1d([1, 2, 3]), tf.tensor1d([2, 0], "int32")).dataSync());
  expect([...gathered]).toEqual([3, 1]);
  large.dispose();
});

test("a clone outlives what it was cloned from", () => {
  const x = tf.tensor1d([1, 2, 3]);
  const clone = tf.clone(x);
  x.dispose();
  const other = tf.tensor1d([7, 8, 9]);
  expect([...clone.dataSync()]).toEqual([1, 2, 3]);
  tf.dispose([clone, other]);
});

test("memory that cannot be had is an error in words", () => {
  const x = tf.tensor1d([1]);
  // 4 GiB of output: beyond what WebAssembly has.
  expect(() => {
    tf.tile(x, [2 ** 30 - 1]);
  }).toThrow(/has no memory left; use a smaller batch/);
  x.dispose();
});

test("the kernels that are checked in were built from these sources", async () => {
  const folder = new URL("../kernels/", import.meta.url);
  const { digest } = (await import(new URL("sources.mjs", folder).href)) as { digest(): string };
  expect(readFileSync(new URL("sources.sha256", folder), "utf8").trim(), "run: node kernels/build.mjs").toBe(
    digest().trim(),
  );
});
