// Recorded programs against the same programs run op by op.
import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor, Variable } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import type { Program, Recorder, Recording } from "@regimen/core";
import { normal } from "@regimen/ops";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { node } from "../src/index.ts";

const folder = process.env["REGIMEN_TFJS_NODE"];
const title = folder ? "a recording" : "a recording (skipped: REGIMEN_TFJS_NODE names no folder with tfjs-node)";

let record: Recorder;
const open: { dispose(): void }[] = [];
const keep = <T extends { dispose(): void }>(one: T): T => {
  open.push(one);
  return one;
};
afterEach(() => open.splice(0).forEach((one) => one.dispose()));

const variable = (values: number[], dtype?: "float32" | "int32"): Variable =>
  keep(tf.tidy(() => tf.variable(tf.tensor1d(values, dtype))));
const recorded = (example: NamedTensorMap, program: Program): Recording => keep(record(example, program));
const values = (tensor: Tensor): number[] => {
  const read = [...tensor.dataSync()];
  tensor.dispose();
  return read;
};
const graphs = (): number =>
  (tf.backend() as unknown as { binding: { getNumOfSavedModels(): number } }).binding.getNumOfSavedModels();

describe.skipIf(!folder)(title, () => {
  beforeAll(async () => {
    record = (await node.load()).record!;
  });

  test("answers as the program does, and leaves no trace of being made", () => {
    const w = variable([1, 2, 3]);
    const inputs = { x: keep(tf.tensor1d([10, 20, 30])) };
    const before = tf.memory().numTensors;
    const program: Program = ({ x }) => {
      w.assign(tf.add(w, 1));
      return { sum: tf.add(tf.mul(w, x!), 0.5), first: tf.slice(x!, 0, 1) };
    };
    const recording = record(inputs, program);
    expect(values(w.clone())).toEqual([1, 2, 3]);
    expect(tf.memory().numTensors).toBe(before);
    const { sum, first } = recording.run(inputs);
    expect(values(sum!)).toEqual([20.5, 60.5, 120.5]);
    expect(values(first!)).toEqual([10]);
    expect(values(w.clone())).toEqual([1, 2, 3]);
    recording.sync();
    expect(values(w.clone())).toEqual([2, 3, 4]);
    recording.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("reads every variable as it was when the run began, whatever is assigned", () => {
    const [a, b] = [variable([1]), variable([100])];
    const recording = recorded({}, () => {
      const sum = tf.add(a, b);
      a.assign(tf.tensor1d([7]));
      b.assign(sum);
      return { now: tf.add(a, b) };
    });
    expect(values(recording.run({})["now"]!)).toEqual([108]);
    expect(values(recording.run({})["now"]!)).toEqual([115]);
    recording.sync();
    expect([...values(a.clone()), ...values(b.clone())]).toEqual([7, 108]);
  });

  test("takes up what JavaScript assigns between runs, and keeps the rest", () => {
    const [a, b] = [variable([0]), variable([0])];
    const recording = recorded({}, () => {
      a.assign(tf.add(a, 1));
      b.assign(tf.add(b, 1));
      return {};
    });
    for (let i = 0; i < 3; i++) recording.run({});
    tf.tidy(() => a.assign(tf.tensor1d([10])));
    recording.run({});
    recording.sync();
    expect([...values(a.clone()), ...values(b.clone())]).toEqual([11, 4]);
  });

  test("keeps what a variable is given just before sync", () => {
    const [a, b] = [variable([0]), variable([0])];
    const recording = recorded({}, () => {
      a.assign(tf.add(a, 1));
      b.assign(tf.add(b, 1));
      return {};
    });
    recording.run({});
    tf.tidy(() => a.assign(tf.tensor1d([10])));
    recording.sync();
    expect([...values(a.clone()), ...values(b.clone())]).toEqual([10, 1]);
    recording.run({});
    recording.sync();
    expect([...values(a.clone()), ...values(b.clone())]).toEqual([11, 2]);
  });

  test("has variables that the program makes, from their first values on", () => {
    const w = variable([5]);
    let state: Variable | undefined;
    const recording = recorded({ x: keep(tf.tensor1d([1])) }, ({ x }, own) => {
      // Begins with the very tensor of another variable, as an average does.
      if (!state) own((state = keep(tf.variable(w.clone()))));
      state.assign(tf.add(state, x!));
      w.assign(tf.mul(w, 2));
      return { state: tf.add(state, 0) };
    });
    expect(values(recording.run({ x: keep(tf.tensor1d([1])) })["state"]!)).toEqual([6]);
    expect(values(recording.run({ x: keep(tf.tensor1d([10])) })["state"]!)).toEqual([16]);
    recording.sync();
    expect([...values(state!.clone()), ...values(w.clone())]).toEqual([16, 20]);
  });

  test("keeps tensors that are no variables, of every type", () => {
    const [whole, flags] = [tf.tensor1d([3, 4], "int32"), tf.tensor1d([true, false], "bool")];
    const made = tf.mul(tf.tensor1d([1, 2]), 2);
    // Handed over to TensorFlow already, so that only a handle is left.
    tf.dispose([tf.add(whole, 1), tf.logicalNot(flags)]);
    const recording = recorded({ x: keep(tf.tensor1d([1, 1])) }, ({ x }) => ({
      y: tf.where(flags, tf.add(x!, made), tf.cast(whole, "float32")),
    }));
    tf.dispose([whole, flags, made]);
    expect(values(recording.run({ x: keep(tf.tensor1d([5, 5])) })["y"]!)).toEqual([7, 4]);
  });

  test("counts in int32", () => {
    const count = variable([0], "int32");
    const recording = recorded({}, () => {
      count.assign(tf.add(count, tf.tensor1d([1], "int32")));
      return {};
    });
    for (let i = 0; i < 5; i++) recording.run({});
    recording.sync();
    expect(values(count.clone())).toEqual([5]);
  });

  test("draws from the seed it is fed", () => {
    const draw: Program = ({ seed }) => ({ noise: normal(seed as tf.Tensor1D, [4]) });
    const recording = recorded({ seed: keep(tf.tensor1d([1, 2], "int32")) }, draw);
    const from = (seed: number[]): number[] =>
      values(recording.run({ seed: keep(tf.tensor1d(seed, "int32")) })["noise"]!);
    expect(from([3, 4])).toEqual(from([3, 4]));
    expect(from([3, 4])).not.toEqual(from([3, 5]));
    expect(from([3, 4])).toEqual(tf.tidy(() => [...normal(tf.tensor1d([3, 4], "int32"), [4]).dataSync()]));
  });

  test("shares a graph with every recording of the same ops, and keeps their variables apart", () => {
    const count = graphs();
    const counting = (by: number) => {
      const total = variable([by]);
      return {
        total,
        recording: recorded({ x: keep(tf.tensor1d([0])) }, ({ x }) => {
          total.assign(tf.add(total, x!));
          return { now: tf.mul(total, 3) };
        }),
      };
    };
    const [one, other] = [counting(1), counting(100)];
    expect(graphs()).toBe(count + 1);
    const x = keep(tf.tensor1d([1]));
    for (let i = 0; i < 3; i++) for (const { recording } of [one, other]) tf.dispose(recording.run({ x }));
    expect(values(one.recording.run({ x })["now"]!)).toEqual([15]);
    one.recording.sync();
    other.recording.sync();
    expect([...values(one.total.clone()), ...values(other.total.clone())]).toEqual([5, 103]);
  });

  test("lets go of graphs that nobody has used for long", () => {
    for (let i = 0; i < 30; i++) {
      const recording = record({ x: keep(tf.tensor1d([1])) }, ({ x }) => ({ y: tf.add(x!, 1000 + i) }));
      tf.dispose(recording.run({ x: keep(tf.tensor1d([1])) }));
      recording.dispose();
    }
    expect(graphs()).toBeLessThan(20);
  });

  test("is refused where the host is asked, and nothing has changed", () => {
    const w = variable([1]);
    const before = tf.memory().numTensors;
    const reads: Program = () => {
      w.assign(tf.add(w, 1));
      return { y: tf.scalar(w.dataSync()[0]!) };
    };
    expect(() => record({}, reads)).toThrow("it reads a tensor on the host");
    expect(values(w.clone())).toEqual([1]);
    expect(tf.memory().numTensors).toBe(before);
    // And the backend is itself again.
    expect(values(tf.add(w, 1))).toEqual([2]);
  });

  test("trains as op by op: convolution, gradients and momentum over 20 steps", () => {
    const run = (how: "recorded" | "eager") => {
      const [kernel, velocity] = tf.tidy(() => [
        tf.variable(tf.mul(normal(tf.tensor1d([1, 2], "int32"), [3, 3, 2, 4]), 0.3)),
        tf.variable(tf.zeros([3, 3, 2, 4])),
      ]);
      const program: Program = ({ x, rate }) => {
        const { value, grads } = tf.variableGrads(
          () => tf.mean(tf.square(tf.relu(tf.conv2d(x as tf.Tensor4D, kernel as never, 1, "same")))) as Scalar,
          [kernel as Variable],
        );
        const next = tf.add(tf.mul(velocity!, 0.9), Object.values(grads)[0]!);
        (velocity as Variable).assign(next);
        (kernel as Variable).assign(tf.sub(kernel!, tf.mul(next, rate!)));
        return { loss: value };
      };
      const inputs = (at: number) =>
        tf.tidy(() => ({ x: normal(tf.tensor1d([at, 3], "int32"), [8, 6, 6, 2]), rate: tf.scalar(0.1) }));
      const example = inputs(0);
      const recording = how === "recorded" ? record(example, program) : undefined;
      const losses = Array.from({ length: 20 }, (_, at) => {
        const given = inputs(at);
        const { loss } = recording?.run(given) ?? tf.tidy(() => program(given, () => undefined));
        tf.dispose(given);
        return values(loss!)[0]!;
      });
      recording?.dispose();
      tf.dispose([example, kernel!, velocity!]);
      return losses;
    };
    const [captured, eager] = [run("recorded"), run("eager")];
    captured.forEach((loss, at) => expect(Math.abs(loss / eager[at]! - 1)).toBeLessThan(1e-5));
    expect(run("recorded")).toEqual(captured);
  });
});
