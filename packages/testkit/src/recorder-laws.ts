import assert from "node:assert/strict";
import { RegimenError, type Program, type Recorder, type Recording } from "@regimen/core";
import { normal } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor, Tensor1D, Tensor4D, Variable } from "@tensorflow/tfjs-core";
// tfjs' gradients come with it.
import "@tensorflow/tfjs-layers";
import { declare, type Law, type Runner } from "./runner.ts";

/** The laws of a backend's `record`. `load` makes tfjs use the backend, and gives the recorder. */
export function recorderLaws(backend: string, load: () => Promise<Recorder>, runner: Runner): void {
  const laws = LAWS.map(({ name, check }): Law => ({ name, check: async () => check(new Bench(await load())) }));
  declare(`recordings of ${backend}`, laws, runner);
}

/** Makes things that a law needs, and clears up behind it. */
class Bench {
  readonly #record: Recorder;
  readonly #open: { dispose(): void }[] = [];
  constructor(record: Recorder) {
    this.#record = record;
  }
  keep<T extends { dispose(): void }>(one: T): T {
    this.#open.push(one);
    return one;
  }
  variable(values: number[], dtype?: "float32" | "int32"): Variable {
    return this.keep(tf.tidy(() => tf.variable(tf.tensor1d(values, dtype))));
  }
  vector(values: number[], dtype?: "float32" | "int32"): Tensor1D {
    return this.keep(tf.tensor1d(values, dtype));
  }
  record(example: NamedTensorMap, program: Program): Recording {
    return this.keep(this.#record(example, program));
  }
  clear(): void {
    for (const one of this.#open.splice(0).toReversed()) one.dispose();
  }
}

async function read(tensor: Tensor | undefined): Promise<number[]> {
  const values = [...(await tensor!.data())];
  if (!(tensor instanceof tf.Variable)) tensor!.dispose();
  return values;
}
const assign = (variable: Variable, values: number[]): void => tf.tidy(() => variable.assign(tf.tensor1d(values)));

const law = (
  name: string,
  body: (bench: Bench) => Promise<void>,
): { name: string; check(bench: Bench): Promise<void> } => ({
  name,
  async check(bench) {
    const before = tf.memory().numTensors;
    try {
      await body(bench);
    } finally {
      bench.clear();
    }
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  },
});

const LAWS = [
  law("answers as the program does, and leaves no trace of being made", async (bench) => {
    const w = bench.variable([1, 2, 3]);
    const inputs = { x: bench.vector([10, 20, 30]) };
    const before = tf.memory().numTensors;
    const recording = bench.record(inputs, ({ x }) => {
      w.assign(tf.add(w, 1));
      return { sum: tf.add(tf.mul(w, x!), 0.5), first: tf.slice(x!, 0, 1) };
    });
    assert.deepEqual(await read(w), [1, 2, 3]);
    assert.equal(tf.memory().numTensors, before);
    const { sum, first } = recording.run(inputs);
    assert.deepEqual([...(await read(sum)), ...(await read(first))], [20.5, 60.5, 120.5, 10]);
    recording.sync();
    assert.deepEqual(await read(w), [2, 3, 4]);
  }),

  law("runs on other inputs, many times, and keeps nothing", async (bench) => {
    const total = bench.variable([0]);
    const recording = bench.record({ x: bench.vector([1]) }, ({ x }) => {
      total.assign(tf.add(total, tf.square(x!)));
      return { twice: tf.mul(total, 2) };
    });
    const before = tf.memory();
    for (let i = 1; i <= 50; i++) {
      const x = tf.tensor1d([i]);
      tf.dispose(recording.run({ x }));
      x.dispose();
    }
    const { numTensors, numDataBuffers } = tf.memory();
    assert.deepEqual([numTensors, numDataBuffers], [before.numTensors, before.numDataBuffers]);
    recording.sync();
    assert.deepEqual(await read(total), [(50 * 51 * 101) / 6]);
  }),

  law("reads every variable as it was when the run began, whatever is assigned", async (bench) => {
    const [a, b] = [bench.variable([1]), bench.variable([100])];
    const recording = bench.record({}, () => {
      const sum = tf.add(a, b);
      a.assign(tf.tensor1d([7]));
      b.assign(sum);
      return { now: tf.add(a, b) };
    });
    assert.deepEqual(await read(recording.run({})["now"]), [108]);
    assert.deepEqual(await read(recording.run({})["now"]), [115]);
    recording.sync();
    assert.deepEqual([...(await read(a)), ...(await read(b))], [7, 108]);
  }),

  law("exchanges variables", async (bench) => {
    const [a, b] = [bench.variable([1]), bench.variable([2])];
    const recording = bench.record({}, () => {
      const old = tf.clone(a);
      a.assign(tf.clone(b));
      b.assign(old);
      return {};
    });
    for (let i = 0; i < 3; i++) recording.run({});
    recording.sync();
    assert.deepEqual([...(await read(a)), ...(await read(b))], [2, 1]);
  }),

  law("takes up what is assigned between runs, and keeps the rest", async (bench) => {
    const [a, b] = [bench.variable([0]), bench.variable([0])];
    const recording = bench.record({}, () => {
      a.assign(tf.add(a, 1));
      b.assign(tf.add(b, 1));
      return {};
    });
    for (let i = 0; i < 3; i++) recording.run({});
    assign(a, [10]);
    recording.run({});
    assign(a, [20]);
    recording.sync();
    assert.deepEqual([...(await read(a)), ...(await read(b))], [20, 4]);
    recording.run({});
    recording.sync();
    assert.deepEqual([...(await read(a)), ...(await read(b))], [21, 5]);
  }),

  law("has variables that the program makes, from their first values on", async (bench) => {
    const w = bench.variable([5]);
    let state: Variable | undefined;
    const recording = bench.record({ x: bench.vector([1]) }, ({ x }, own) => {
      // Begins with the very data of another variable, as an average does.
      if (!state) own((state = bench.keep(tf.variable(tf.clone(w)))));
      state.assign(tf.add(state, x!));
      w.assign(tf.mul(w, 2));
      return { now: tf.add(state, 0) };
    });
    assert.deepEqual(await read(recording.run({ x: bench.vector([1]) })["now"]), [6]);
    assert.deepEqual(await read(recording.run({ x: bench.vector([10]) })["now"]), [16]);
    recording.sync();
    assert.deepEqual([...(await read(state!)), ...(await read(w))], [16, 20]);
  }),

  law("holds tensors that are no variables, of every type", async (bench) => {
    const [whole, flags] = [tf.tensor1d([3, 4], "int32"), tf.tensor1d([true, false], "bool")];
    const made = tf.tidy(() => tf.mul(tf.tensor1d([1, 2]), 2));
    // By now they are on the device.
    tf.dispose([tf.add(whole, 1), tf.logicalNot(flags)]);
    const recording = bench.record({ x: bench.vector([1, 1]) }, ({ x }) => ({
      y: tf.where(flags, tf.add(x!, made), tf.cast(whole, "float32")),
    }));
    tf.dispose([whole, flags, made]);
    assert.deepEqual(await read(recording.run({ x: bench.vector([5, 5]) })["y"]), [7, 4]);
  }),

  law("counts in int32", async (bench) => {
    const count = bench.variable([0], "int32");
    const recording = bench.record({}, () => {
      count.assign(tf.add(count, tf.tensor1d([1], "int32")));
      return {};
    });
    for (let i = 0; i < 5; i++) recording.run({});
    recording.sync();
    assert.deepEqual(await read(count), [5]);
  }),

  law("draws from the seed that it is fed", async (bench) => {
    const recording = bench.record({ seed: bench.vector([1, 2], "int32") }, ({ seed }) => ({
      noise: normal(seed as Tensor1D, [4]),
    }));
    const from = (seed: number[]): Promise<number[]> =>
      read(recording.run({ seed: bench.vector(seed, "int32") })["noise"]);
    assert.deepEqual(await from([3, 4]), await from([3, 4]));
    assert.notDeepEqual(await from([3, 4]), await from([3, 5]));
    assert.deepEqual(await from([3, 4]), await read(tf.tidy(() => normal(tf.tensor1d([3, 4], "int32"), [4]))));
  }),

  law("keeps two recordings of one program apart", async (bench) => {
    const counting = (from: number) => {
      const total = bench.variable([from]);
      const recording = bench.record({ x: bench.vector([0]) }, ({ x }) => {
        total.assign(tf.add(total, x!));
        return { now: tf.mul(total, 3) };
      });
      return { total, recording };
    };
    const [one, other] = [counting(1), counting(100)];
    const x = bench.vector([1]);
    for (let i = 0; i < 3; i++) for (const { recording } of [one, other]) tf.dispose(recording.run({ x }));
    assert.deepEqual(await read(one.recording.run({ x })["now"]), [15]);
    one.recording.sync();
    other.recording.sync();
    assert.deepEqual([...(await read(one.total)), ...(await read(other.total))], [5, 103]);
  }),

  law("is refused where the host is asked, and nothing has changed", async (bench) => {
    const w = bench.variable([1]);
    const reads: Program = () => {
      w.assign(tf.add(w, 1));
      return { y: tf.scalar(w.dataSync()[0]!) };
    };
    assert.throws(() => bench.record({}, reads), /it reads a tensor on the host/);
    assert.deepEqual(await read(w), [1]);
    // And the backend is itself again.
    assert.deepEqual(await read(tf.add(w, 1)), [2]);
  }),

  law("hands on what the program throws", async (bench) => {
    const wrong: Program = () => {
      throw new RegimenError("REG_HOOK", "a hook gave a wrong shape");
    };
    assert.throws(() => bench.record({}, wrong), /a hook gave a wrong shape/);
  }),

  law("trains as op by op: convolution, gradients and momentum over 20 steps", async (bench) => {
    const train = async (how: "recorded" | "op by op"): Promise<number[]> => {
      const [kernel, velocity] = tf.tidy((): [Variable, Variable] => [
        tf.variable(tf.mul(normal(tf.tensor1d([1, 2], "int32"), [3, 3, 2, 4]), 0.3)),
        tf.variable(tf.zeros([3, 3, 2, 4])),
      ]);
      const program: Program = ({ x, rate }) => {
        const loss = () => {
          const seen = tf.relu(tf.conv2d(x as Tensor4D, kernel as Variable<tf.Rank.R4>, 1, "same"));
          return tf.mean(tf.square(seen)) as Scalar;
        };
        const { value, grads } = tf.variableGrads(loss, [kernel]);
        const next = tf.add(tf.mul(velocity, 0.9), Object.values(grads)[0]!);
        velocity.assign(next);
        kernel.assign(tf.sub(kernel, tf.mul(next, rate!)));
        return { loss: value };
      };
      const inputs = (at: number): NamedTensorMap =>
        tf.tidy(() => ({ x: normal(tf.tensor1d([at, 3], "int32"), [8, 6, 6, 2]), rate: tf.scalar(0.1) }));
      const example = inputs(0);
      const recording = how === "recorded" ? bench.record(example, program) : undefined;
      const losses: number[] = [];
      for (let at = 0; at < 20; at++) {
        const given = inputs(at);
        const { loss } = recording?.run(given) ?? tf.tidy(() => program(given, () => undefined));
        tf.dispose(given);
        losses.push(...(await read(loss)));
      }
      tf.dispose([example, kernel, velocity]);
      return losses;
    };
    const [recorded, plain] = [await train("recorded"), await train("op by op")];
    recorded.forEach((loss, at) =>
      assert.ok(Math.abs(loss / plain[at]! - 1) < 1e-5, `step ${at}: ${loss}, ${plain[at]}`),
    );
    assert.deepEqual(await train("recorded"), recorded, "not the same numbers again");
  }),
];
