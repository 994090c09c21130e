import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import type { Program, Recording, Rows } from "@regimen/contracts";
import { beforeAll, describe, expect, it } from "vitest";
import { batchFrom, feedTensors, Logs, Repeated, rowTensors, StageState, stepFrom } from "../src/index.ts";

beforeAll(() => tf.setBackend("cpu"));

const double: Program = ({ x }) => ({ y: tf.mul(x!, 2) });
const valueOf = (tensor: tf.Tensor | undefined): number => {
  const value = tensor!.dataSync()[0]!;
  tensor!.dispose();
  return value;
};

describe("a repeated program", () => {
  it("is recorded at its first run, once, and run from then on", () => {
    const calls: string[] = [];
    const recording: Recording = {
      run: (inputs) => (calls.push("run"), tf.tidy(() => double(inputs, () => undefined))),
      sync: () => void calls.push("sync"),
      dispose: () => void calls.push("dispose"),
    };
    const repeated = new Repeated(double, {
      record: () => (calls.push("record"), recording),
      refused: (why) => void calls.push(why),
    });
    expect(repeated.captured).toBe(false);
    const x = tf.scalar(4);
    expect([valueOf(repeated.run({ x })["y"]), valueOf(repeated.run({ x })["y"])]).toEqual([8, 8]);
    expect(repeated.captured).toBe(true);
    repeated.sync();
    repeated.dispose();
    expect(calls).toEqual(["record", "run", "run", "sync", "dispose"]);
    x.dispose();
  });

  it("runs op by op where it is refused, and says why, once", () => {
    const why: string[] = [];
    const repeated = new Repeated(double, {
      record: () => {
        throw new Error("it reads a tensor on the host");
      },
      refused: (reason) => void why.push(reason),
    });
    const before = tf.memory().numTensors;
    for (const value of [1, 2, 3]) {
      const x = tf.scalar(value);
      expect(valueOf(repeated.run({ x })["y"])).toBe(2 * value);
      x.dispose();
    }
    expect(why).toEqual(["it reads a tensor on the host"]);
    expect([repeated.captured, tf.memory().numTensors]).toEqual([false, before]);
  });

  it("hears of no refusal where there is no recorder", () => {
    const repeated = new Repeated(double, { refused: (why) => expect.unreachable(why) });
    expect(valueOf(tf.tidy(() => repeated.run({ x: tf.scalar(5) })["y"]!))).toBe(10);
  });
});

describe("logs", () => {
  it("are summed since the last reading, by name, and given up", async () => {
    const before = tf.memory().numTensors;
    const logs = new Logs();
    for (const value of [1, 2, 3]) logs.add({ loss: tf.scalar(value), other: tf.scalar(10 * value) });
    expect(await logs.read()).toEqual({ loss: 6, other: 60 });
    logs.add({ loss: tf.scalar(5) });
    expect(await logs.read()).toEqual({ loss: 5 });
    logs.add({ loss: tf.scalar(5) });
    logs.dispose();
    expect(await logs.read()).toEqual({});
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("what is fed", () => {
  const feed = {
    index: 3,
    progress: 0.5,
    rates: { default: 0.1, head: 0.2 },
    seed: Int32Array.of(1, 2),
    draws: {
      "@regimen/technique-augment/rotate": { angle: Float32Array.of(0.25) },
      "@regimen/technique-augment/rotate/touched": { touched: Float32Array.of(1) },
    },
  };

  it("reaches each technique under its own names, and nobody else", () => {
    tf.tidy(() => {
      const step = stepFrom(feedTensors(feed), { state: new StageState() });
      expect(
        [step.index, step.progress, step.rate(), step.rate("head"), step.rate("backbone")].map((t) => t.dataSync()[0]),
      ).toEqual([3, 0.5, 0.1, 0.2, 0.1].map(Math.fround));
      expect(step.fed).toEqual({});
      const rotate = step.of("@regimen/technique-augment/rotate");
      expect(Object.keys(rotate.fed)).toEqual(["angle"]);
      expect(rotate.fed["angle"]!.dataSync()[0]).toBe(0.25);
      expect(Object.keys(step.of("@regimen/technique-augment/rotate/touched").fed)).toEqual(["touched"]);
      expect(step.of("@regimen/technique-augment").fed).toEqual({});
    });
  });

  it("announces a state when it is made, and not again", () => {
    const state = new StageState();
    const made: string[] = [];
    tf.tidy(() => {
      for (let i = 0; i < 2; i++) {
        const step = stepFrom(feedTensors(feed), { state, own: (variable) => void made.push(variable.name) });
        step.of("technique").state("mean", () => tf.scalar(1));
      }
    });
    expect(made).toHaveLength(1);
    expect([...state.states.keys()]).toEqual(["technique/mean"]);
    state.dispose();
  });

  it("gives rows back as the batch they make", () => {
    const shape = { n: 2, h: 1, w: 2, c: 1, classes: 2, range: [0, 255] as const };
    const rows: Rows = {
      images: Uint8Array.of(1, 2, 3, 4),
      labels: Float32Array.of(1, 0, NaN, NaN),
      weights: Float32Array.of(1, 0),
      origin: Float32Array.of(1, 0),
      boxes: {
        at: Float32Array.from({ length: 8 }, (_, at) => at),
        labels: Float32Array.of(1, 0, 0, 1),
        weights: Float32Array.of(1, 0),
      },
      masks: Int32Array.of(0, 1, 1, 0),
      also: { teacher: Float32Array.of(5, 6) },
    };
    tf.tidy(() => {
      const batch = batchFrom(rowTensors(rows, shape), shape);
      expect(batch.images.shape).toEqual([2, 1, 2, 1]);
      expect([...batch.images.dataSync()]).toEqual([1, 2, 3, 4]);
      expect([...batch.labels.dataSync()]).toEqual([1, 0, 0, 0]);
      expect([...batch.boxes!.at.dataSync()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(batch.boxes!.labels.shape).toEqual([2, 1, 2]);
      expect([batch.masks!.dtype, batch.masks!.shape]).toEqual(["int32", [2, 1, 2]]);
      expect(Object.keys(batch.also)).toEqual(["teacher"]);
      expect(batch.also["teacher"]!.shape).toEqual([2, 1]);
    });
  });
});
