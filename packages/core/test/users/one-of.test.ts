// Which examples a technique touches: rates as asked, and one of a group at most.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  StageState,
  applyBatch,
  batchOf,
  composePolicy,
  createRng,
  createStep,
  drawFor,
  type Shape,
  type Slot,
  type Technique,
} from "@regimen/core";
import { technique, uses } from "../support/jobs.ts";

beforeAll(() => tf.setBackend("cpu"));
const N = 500;
const SHAPE: Shape = { n: N, h: 1, w: 1, c: 1, range: [0, 255], classes: 2 };

/** Adds `mark` to every pixel it touches, and a thousandth of its neighbour's pixel. */
const marking = (name: string, mark: number, rate: number, oneOf?: string, slot: Slot = "mix"): Technique =>
  technique<{ rate: number }>({
    name,
    order: { slot, ...(oneOf !== undefined && { oneOf }) },
    space: { rate: { kind: "rr", range: [0, 1], default: rate, off: 0 } },
    create: () => ({
      batch: (batch) => {
        const neighbour = tf.concat([tf.slice(batch.images, [1]), tf.slice(batch.images, [0], [1])], 0);
        return {
          ...batch,
          images: tf.addN([
            batch.images,
            tf.fill(batch.images.shape, mark),
            tf.mul(neighbour as Tensor, 1e-3),
          ]) as Tensor4D,
        };
      },
    }),
  });

/** The pixel of each of 500 examples that began at 0, over some steps. */
function marks(techniques: readonly Technique[], steps = 20, seed = 1): number[] {
  const policy = uses(...techniques.map(({ name }) => name));
  const { members } = composePolicy(policy, techniques, { task: "classification", facts: [] });
  const [images, labels, ones] = [new Float32Array(N), new Float32Array(2 * N), new Float32Array(N).fill(1)];
  return Array.from({ length: steps }, (_, at) => {
    const state = new StageState();
    const values = tf.tidy(() => {
      const draws = drawFor(members, createRng(seed).fork("step").fork(at), SHAPE);
      const step = createStep(
        { index: at, progress: 0, rates: { default: 1 }, seed: Int32Array.of(1, 2), draws },
        state,
      );
      const rows = { images, labels, weights: ones, origin: ones };
      return [...applyBatch(members, batchOf(rows, SHAPE), step).images.dataSync()];
    });
    state.dispose();
    return values;
  }).flat();
}
const share = (values: readonly number[], of: (value: number) => boolean): number =>
  values.filter(of).length / values.length;
/** Four standard errors of a share of 10,000. */
const NEAR = 0.02;
const near = (got: number, expected: number): void => expect(Math.abs(got - expected)).toBeLessThan(NEAR);

describe("a replacement rate", () => {
  it("is the share of examples touched, each on its own", () => {
    const values = marks([marking("a", 1, 0.3), marking("b", 10, 0.5)]);
    near(
      share(values, (v) => Math.round(v) % 10 === 1),
      0.3,
    );
    near(
      share(values, (v) => v > 9.5),
      0.5,
    );
    // Independent: both at once as often as the product says.
    near(
      share(values, (v) => Math.round(v) === 11),
      0.15,
    );
  });

  it("of 1 touches all, and of 0 is off", () => {
    expect(share(marks([marking("a", 1, 1)]), (v) => v > 0.5)).toBe(1);
    const technique = marking("a", 1, 0);
    expect(composePolicy(uses("a"), [technique], { task: "classification", facts: [] }).members).toEqual([]);
  });

  it("does not move another's: its draws are its own", () => {
    const alone = marks([marking("a", 1, 0.3, undefined, "texture")], 3);
    const beside = marks([marking("a", 1, 0.3, undefined, "texture"), marking("b", 10, 0.5)], 3);
    expect(beside.map((v) => Math.round(v) % 10)).toEqual(alone.map((v) => Math.round(v)));
    expect(marks([marking("a", 1, 0.3)], 3)).toEqual(alone);
    expect(marks([marking("a", 1, 0.3)], 3, 2)).not.toEqual(alone);
  });
});

describe("a one-of group", () => {
  it("gives an example one of its members at most, each in the share it asks for", () => {
    const values = marks([marking("a", 1, 0.2, "mix"), marking("b", 10, 0.5, "mix"), marking("c", 100, 0.1, "mix")]);
    const whole = values.map(Math.round);
    expect(new Set(whole)).toEqual(new Set([0, 1, 10, 100]));
    near(
      share(whole, (v) => v === 1),
      0.2,
    );
    near(
      share(whole, (v) => v === 10),
      0.5,
    );
    near(
      share(whole, (v) => v === 100),
      0.1,
    );
    near(
      share(whole, (v) => v === 0),
      0.2,
    );
  });

  it("shares out in proportion where its members ask for more than there is", () => {
    const whole = marks([marking("a", 1, 1, "mix"), marking("b", 10, 0.5, "mix"), marking("c", 100, 0.5, "mix")]).map(
      Math.round,
    );
    expect(share(whole, (v) => v === 0)).toBe(0);
    near(
      share(whole, (v) => v === 1),
      0.5,
    );
    near(
      share(whole, (v) => v === 10),
      0.25,
    );
    near(
      share(whole, (v) => v === 100),
      0.25,
    );
  });

  it("of one member is that member at its rate", () => {
    near(
      share(marks([marking("a", 1, 0.4, "mix")]), (v) => v > 0.5),
      0.4,
    );
    expect(share(marks([marking("a", 1, 1, "mix")]), (v) => v > 0.5)).toBe(1);
  });

  it("shows every member the batch as it came: none mixes in what another has mixed", () => {
    // A neighbour's mark would come through as a thousandth of it.
    const values = marks([marking("a", 1, 0.5, "mix"), marking("b", 10, 0.5, "mix")]);
    expect(new Set(values.map((v) => Math.round(1e4 * v)))).toEqual(new Set([1e4, 1e5]));
  });

  it("does so even where a stranger's name stands between its members' names", () => {
    const values = marks([marking("a", 1, 0.5, "mix"), marking("b", 5000, 0.5), marking("c", 10, 0.5, "mix")]);
    // The stranger goes before or after the group, never into it.
    const own = values.map((v) => Math.round(v) % 5000);
    expect(own.every((v) => v === 1 || v === 10 || v === 6 || v === 15)).toBe(true);
    expect(share(own, (v) => v === 1 || v === 6)).toBeGreaterThan(0.45);
    expect(values.some((v) => Math.abs(v - Math.round(v)) > 1e-6 && v < 4999)).toBe(false);
  });

  it("keeps its shares whatever the order of listing", () => {
    const [a, b] = [marking("a", 1, 0.3, "mix"), marking("b", 10, 0.3, "mix")];
    expect(marks([b, a], 2)).toEqual(marks([a, b], 2));
  });
});
