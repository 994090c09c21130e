import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import plugin, { cpu } from "../src/index.ts";

test("is registered, but never chosen by itself", () => {
  const seen: unknown[] = [];
  plugin.register({ backend: (backend: unknown) => seen.push(backend) } as unknown as Parameters<
    typeof plugin.register
  >[0]);
  expect(seen).toEqual([cpu]);
  expect([cpu.name, cpu.rank, cpu.auto]).toEqual(["cpu", 90, false]);
});

test("calculates", async () => {
  expect(await cpu.load()).toEqual({ tfjs: "cpu", version: "4.22.0", device: "JavaScript, one thread" });
  expect(tf.getBackend()).toBe("cpu");
  expect(tf.tidy(() => [...tf.add(tf.tensor1d([1, 2]), 1).dataSync()])).toEqual([2, 3]);
});
