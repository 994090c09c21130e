// Recorded programs against the same programs run op by op.
import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Tensor, Variable } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import type { Program, Recorder, Recording } from "@regimen/core";
import { recorderLaws } from "@regimen/testkit";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { node } from "../src/index.ts";

const folder = process.env["REGIMEN_TFJS_NODE"];
const title = folder
  ? "graphs"
  : "graphs, and the laws of recordings (skipped: no native TensorFlow; run: npx regimen native)";

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

if (folder) recorderLaws("TensorFlow", async () => (await node.load()).record!, { describe, test });

describe.skipIf(!folder)(title, () => {
  beforeAll(async () => {
    record = (await node.load()).record!;
  });

  test("shares a graph with every recording of the same ops, and keeps their variables apart", () => {
    const counting = (by: number) => {
      const total = variable([by]);
      return {
        total,
        recording: recorded({ x: keep(tf.tensor1d([0])) }, ({ x }) => {
          total.assign(tf.add(total, x!));
          return { now: tf.mul(total, 7) };
        }),
      };
    };
    const one = counting(1);
    const loaded = graphs();
    const other = counting(100);
    expect(graphs()).toBe(loaded);
    const x = keep(tf.tensor1d([1]));
    for (let i = 0; i < 3; i++) for (const { recording } of [one, other]) tf.dispose(recording.run({ x }));
    expect(values(one.recording.run({ x })["now"]!)).toEqual([35]);
    one.recording.sync();
    other.recording.sync();
    expect([...values(one.total.clone()), ...values(other.total.clone())]).toEqual([5, 103]);
  });

  // In float32, (2²⁵ − 2²⁵) + 1 is 1, and 0 in any other order. Both large terms are answers too, so that TensorFlow may not reuse
  // their memory; reshaping tells it shapes, and the root lets it rewrite the sum.
  test.each<[string, (terms: Tensor[]) => Tensor]>([
    ["add", (terms) => terms.reduce((sum, term) => tf.add(sum, term))],
    ["addN", (terms) => tf.addN(terms)],
  ])("sums by %s in the order in which it was asked", (_, sum) => {
    const inputs = Object.fromEntries(
      Object.entries({ plus: 2 ** 25, minus: -(2 ** 25), one: 1 }).map(([name, value]) => [
        name,
        keep(tf.tensor1d([value])),
      ]),
    );
    const program: Program = ({ plus, minus, one }) => ({
      root: tf.sqrt(sum([plus!, minus!, tf.square(one!)].map((term) => tf.reshape(term, [1, 1])))),
      plus: tf.clone(plus!),
      minus: tf.clone(minus!),
    });
    const { root, ...rest } = recorded(inputs, program).run(inputs);
    tf.dispose(rest);
    expect(values(root!)).toEqual([1]);
  });

  test("keeps no large values of a step while it writes it down", () => {
    const x = keep(tf.fill([2 ** 22], 1)); // 16 MB
    const program: Program = (inputs) => {
      let [all, sum] = [inputs["x"]!, tf.scalar(0)];
      for (let at = 0; at < 60; at++) {
        all = tf.sqrt(tf.add(all, 3));
        sum = tf.add(sum, tf.mean(all));
      }
      return { sum };
    };
    const before = process.memoryUsage.rss();
    const recording = recorded({ x }, program);
    // Together the 120 are 2 GB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(0.4e9);
    const [found] = values(recording.run({ x })["sum"]!);
    const [expected] = values(tf.tidy(() => program({ x }, () => undefined)["sum"]!));
    expect(found).toBeCloseTo(expected!, 3);
  });

  test("gives a variable that begins with what came of a batch its values all the same", () => {
    const x = keep(tf.fill([2 ** 20], 7));
    const states: Variable[] = [];
    const recording = recorded({ x }, ({ x: given }, own) => {
      if (!states.length) {
        const state = tf.variable(tf.mean(tf.mul(given!, 2)));
        try {
          own(state);
        } catch (error) {
          state.dispose();
          throw error;
        }
        states.push(keep(state));
      }
      return { state: tf.clone(states[0]!) };
    });
    expect(values(recording.run({ x })["state"]!)).toEqual([14]);
    expect(states).toHaveLength(1);
  });

  test("lets go of graphs that nobody has used for long", () => {
    for (let i = 0; i < 30; i++) {
      const recording = record({ x: keep(tf.tensor1d([1])) }, ({ x }) => ({ y: tf.add(x!, 1000 + i) }));
      tf.dispose(recording.run({ x: keep(tf.tensor1d([1])) }));
      recording.dispose();
    }
    expect(graphs()).toBeLessThan(20);
  });
});
