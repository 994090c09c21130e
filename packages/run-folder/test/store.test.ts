import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRng, type Json, type Weight } from "@regimen/contracts";
import { capture, decode, encode, folderStore, memoryStore, restore, type Checkpoint } from "@regimen/run-folder";

let folder: string;
beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = mkdtempSync(join(tmpdir(), "regimen-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const weightOf = (name: string, variable: tf.Variable): Weight => ({ name, variable, part: "head", role: "kernel" });

describe("encode and decode", () => {
  const entry = fc
    .record({
      name: fc.string({ unit: "grapheme" }),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      dtype: fc.constantFrom("float32" as const, "int32" as const),
      seed: fc.nat(),
    })
    .map(({ seed, ...tensor }) => {
      const rng = createRng(seed);
      const length = tensor.shape.reduce((product, side) => product * side, 1);
      const values =
        tensor.dtype === "int32"
          ? Int32Array.from({ length }, () => rng.int(2 ** 32) - 2 ** 31)
          : Float32Array.from({ length }, () => rng.normal() * 10 ** (60 * rng.uniform() - 30));
      return { ...tensor, values };
    });
  const checkpoint = fc
    .record({ meta: fc.jsonValue(), tensors: fc.uniqueArray(entry, { selector: ({ name }) => name }) })
    .map(({ meta, tensors }): Checkpoint => ({
      meta: JSON.parse(JSON.stringify(meta)) as Json,
      tensors: new Map(tensors.map((t) => [t.name, t])),
    }));

  it("are each other's inverse, wherever the bytes stand in a larger buffer", () => {
    fc.assert(
      fc.property(checkpoint, fc.integer({ min: 0, max: 7 }), (given, offset) => {
        const bytes = encode(given);
        expect(decode(bytes)).toEqual(given);
        const larger = new Uint8Array(bytes.length + 16).fill(255);
        larger.set(bytes, offset);
        expect(decode(larger.subarray(offset, offset + bytes.length))).toEqual(given);
      }),
    );
  });

  it("keep every bit: negative zero, the smallest number, infinity, NaN", () => {
    const values = Float32Array.of(-0, 1e-45, Number.POSITIVE_INFINITY, Number.NaN, 0.1);
    const given: Checkpoint = {
      meta: null,
      tensors: new Map([["x", { name: "x", shape: [5], dtype: "float32", values }]]),
    };
    const found = decode(encode(given)).tensors.get("x")!.values;
    expect([...new Uint32Array(found.buffer, 0, 5)]).toEqual([...new Uint32Array(values.buffer)]);
  });
});

describe("capture and restore", () => {
  it("put weights and states back, and leave what the checkpoint lacks", async () => {
    const before = tf.memory().numTensors;
    const variable = (make: () => tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(make()));
    const kernel = variable(() => tf.tensor2d([[1, 2]]));
    const [bias, later] = [variable(() => tf.scalar(3)), variable(() => tf.scalar(4))];
    const count = variable(() => tf.tensor1d([7, 8], "int32"));
    const weights = [weightOf("kernel", kernel), weightOf("bias", bias)];
    const kept = await capture(weights, new Map([["ema/count", count]]), { position: 20 });
    tf.tidy(() => kernel.assign(tf.zerosLike(kernel)));
    const states = restore(decode(encode(kept)), [...weights, weightOf("later", later)]);
    expect([...kernel.dataSync(), ...bias.dataSync(), ...later.dataSync()]).toEqual([1, 2, 3, 4]);
    expect([...states.keys()]).toEqual(["ema/count"]);
    expect(states.get("ema/count")!.dtype).toBe("int32");
    expect([...states.get("ema/count")!.dataSync()]).toEqual([7, 8]);
    expect(decode(encode(kept)).meta).toEqual({ position: 20 });
    tf.dispose([...states.values(), kernel, bias, later, count]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("keep what they captured, whatever happens to the variable afterwards", async () => {
    const variable = tf.variable(tf.tensor1d([1, 2]));
    const kept = await capture([weightOf("w", variable)], new Map(), null);
    (variable.dataSync() as Float32Array).fill(9);
    expect([...kept.tensors.get("w")!.values]).toEqual([1, 2]);
    variable.dispose();
  });

  it("refuse a weight of another shape", async () => {
    const [two, three] = [tf.variable(tf.zeros([2])), tf.variable(tf.zeros([3]))];
    const kept = await capture([weightOf("w", two)], new Map(), null);
    expect(() => restore(kept, [weightOf("w", three)])).toThrow(/REG_RUN_MISMATCH.*\[2\].*\[3\]/);
    tf.dispose([two, three]);
  });
});

describe("stores", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const long = `done/${"final/member-0/@regimen/technique-simclr/".repeat(8)}pretrain`;
  it.each(["memory", "folder"])("%s: puts, gets, replaces, deletes, by any key", (kind) => {
    const store = kind === "memory" ? memoryStore() : folderStore(join(folder, "checkpoints"));
    for (const key of [
      "a",
      "trial/0/q1/@regimen/technique-x/pseudo-0",
      "../outside",
      "ü/é",
      "a%2F",
      long,
      `${long}2`,
    ]) {
      expect(store.get(key)).toBeUndefined();
      store.put(key, bytes);
      expect([...store.get(key)!]).toEqual([1, 2, 3]);
      store.put(key, Uint8Array.of(4));
      expect([...store.get(key)!]).toEqual([4]);
    }
    store.delete("a");
    store.delete("never there");
    expect(store.get("a")).toBeUndefined();
    expect(store.get("a%2F")).toBeDefined();
    if (kind === "folder") expect(readdirSync(folder)).toEqual(["checkpoints"]);
  });

  it.each(["memory", "folder"])("%s: clears a key and what stands below it, and nothing beside", (kind) => {
    const store = kind === "memory" ? memoryStore() : folderStore(join(folder, "checkpoints"));
    store.clear("done/trial/1");
    const [gone, stays] = [
      ["done/trial/1", "done/trial/1/teacher", `done/trial/1/${"deep/".repeat(60)}`],
      ["done/trial/10", "done/trial", "done/trial/2/1", "done/trial/1%2F"],
    ];
    for (const key of [...gone!, ...stays!]) store.put(key, bytes);
    store.clear("done/trial/1");
    expect(gone!.map((key) => store.get(key))).toEqual([undefined, undefined, undefined]);
    for (const key of stays!) expect(store.get(key), key).toBeDefined();
  });

  it("a folder's values outlive the store, and half-written neighbours do not disturb it", () => {
    folderStore(folder).put("x", bytes);
    writeFileSync(join(folder, "x.bin.1234567"), "cut sho");
    expect([...folderStore(folder).get("x")!]).toEqual([1, 2, 3]);
  });
});
