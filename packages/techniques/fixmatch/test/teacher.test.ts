import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import { StageState, createRng, createStep, type Weight } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { Teacher } from "../src/teacher.ts";

beforeAll(() => wasm.load());

/** One weight w; logits (0, w x). */
function modelOf(value: number) {
  const variable = tf.variable(tf.scalar(value));
  const weights: Weight[] = [{ name: "w", variable, part: "head", role: "kernel" }];
  return {
    weights,
    forward: (images: Tensor4D) => {
      const x = tf.mul(tf.reshape(images, [-1, 1]), variable) as Tensor2D;
      return { features: x, outputs: tf.concat([tf.zerosLike(x), x], 1), maps: [] };
    },
    dispose: () => variable.dispose(),
  };
}
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe("the teacher", () => {
  /** What it answers to the image 1 after each of the model's weights. */
  function answersTo(weights: readonly number[], decay: number, state: StageState, from = 0, first = 0.5): number[] {
    const twin = modelOf(first);
    const teacher = new Teacher(twin, decay);
    const student = modelOf(0);
    const answers = weights.map((value, at) =>
      tf.tidy(() => {
        const step = createStep(
          { index: from + at, progress: 0, rates: { default: 1 }, seed: createRng(1).seed(), draws: {} },
          state,
        );
        student.weights[0]!.variable.assign(tf.scalar(value));
        teacher.follow(student.weights, step);
        return teacher.answer(tf.ones([1, 1, 1, 1]), step).dataSync()[1]!;
      }),
    );
    twin.dispose();
    student.dispose();
    return answers;
  }
  const values = [1, 3, -2, 4, 0.5, 2];

  it("labels with a moving average whose memory grows up to its decay", () => {
    const state = new StageState();
    let average = 0.5;
    const expected = values.map((value, at) => {
      const decay = Math.min(0.3, (1 + at) / (10 + at));
      average = decay * average + (1 - decay) * value;
      return sigmoid(average);
    });
    answersTo(values, 0.3, state).forEach((answer, at) => expect(answer).toBeCloseTo(expected[at]!, 5));
    state.dispose();
  });

  it("is the model itself at a decay of 0", () => {
    const state = new StageState();
    answersTo(values, 0, state).forEach((answer, at) => expect(answer).toBeCloseTo(sigmoid(values[at]!), 5));
    state.dispose();
  });

  it("goes on where it stopped, from the step's state alone", () => {
    const [whole, parts] = [new StageState(), new StageState()];
    const expected = answersTo(values, 0.9, whole);
    const first = answersTo(values.slice(0, 3), 0.9, parts);
    // Another twin, which has seen nothing.
    const rest = answersTo(values.slice(3), 0.9, parts, 3, 99);
    expect([...first, ...rest]).toEqual(expected);
    whole.dispose();
    parts.dispose();
  });
});
