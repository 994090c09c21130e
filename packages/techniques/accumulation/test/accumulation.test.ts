import * as tf from "@tensorflow/tfjs-core";
import { StageState, createStep, type Optimizer } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { accumulated, drawAccumulation } from "../src/index.ts";

beforeAll(() => wasm.load());

/** Keeps its count and the sum of what it saw, within a tidy of its own and in another technique's view. */
const inner: Optimizer = (evaluate, _weights, step) =>
  tf.tidy(() => {
    const { loss, by } = evaluate();
    const [calls, seen] = [
      step.state("calls", () => tf.scalar(7)),
      step.of("other").state("seen", () => tf.zeros([2])),
    ];
    calls.assign(tf.add(calls, 1));
    seen.assign(tf.add(seen, by["w"]!));
    return { loss, by: { w: tf.mul(by["w"]!, 10) } };
  });

type Seen = { readonly direction: number[]; readonly states: Record<string, number[]>; readonly loss: number };
function run(steps: number, gradients: readonly number[], optimizer = inner): Seen[] {
  const state = new StageState();
  const before = tf.memory().numTensors;
  const direct = accumulated(optimizer);
  const seen = gradients.map((gradient, index) =>
    tf.tidy(() => {
      const draws = { accumulation: drawAccumulation(steps) };
      const feed = { index, epoch: 0, progress: 0, rates: { default: 0.1 }, seed: Int32Array.of(1, 2), draws };
      const step = createStep(feed, state).of("accumulation");
      const evaluate = () => ({ loss: tf.scalar(index), by: { w: tf.tensor1d([gradient, -gradient]) } });
      const { loss, by } = direct(evaluate, [], step);
      const states = Object.fromEntries([...state.states].map(([name, value]) => [name, [...value.dataSync()]]));
      return { direction: [...by["w"]!.dataSync()], states, loss: loss.dataSync()[0]! };
    }),
  );
  expect(tf.memory().numTensors - before).toBe(state.states.size);
  state.dispose();
  return seen;
}

describe("accumulated", () => {
  it("gives nothing until the k-th step, then the direction of the mean, and again", () => {
    const seen = run(3, [1, 2, 6, 5, 5, 2]).map(({ direction }) => direction);
    expect(seen).toEqual([
      [0, 0],
      [0, 0],
      [30, -30],
      [0, 0],
      [0, 0],
      [40, -40],
    ]);
  });

  it("lets the inner states move at the k-th step alone, whoever asks for them", () => {
    const seen = run(2, [1, 3, 5, 7]).map(({ states }) => [states["accumulation/calls"], states["other/seen"]]);
    expect(seen).toEqual([
      [[7], [0, 0]],
      [[8], [2, -2]],
      [[8], [2, -2]],
      [[9], [8, -8]],
    ]);
  });

  it("keeps a mean for each place at which the gradients are asked for", () => {
    const twice: Optimizer = (evaluate) => {
      const [first, second] = [evaluate(), evaluate({ statistics: false })];
      return { loss: first.loss, by: { w: tf.sub(tf.mul(first.by["w"]!, 3), second.by["w"]!) } };
    };
    expect(run(2, [1, 3], twice)[1]!.direction).toEqual([4, -4]);
  });

  it("hands on the loss of each step", () => expect(run(2, [1, 1, 1]).map(({ loss }) => loss)).toEqual([0, 1, 2]));

  it("is registered, and feeds how many steps", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-accumulation"]);
    expect(drawAccumulation(8)).toEqual({ steps: Float32Array.of(8) });
  });
});
