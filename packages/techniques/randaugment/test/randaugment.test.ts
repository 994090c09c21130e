import * as tf from "@tensorflow/tfjs-core";
import {
  applyBatch,
  batchOf,
  composePolicy,
  createRng,
  createStep,
  drawFor,
  StageState,
  type Shape,
} from "@regimen/core";
import { drawPolicy, randAugment } from "@regimen/image";
import { wasm } from "@regimen/backend-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { randaugment } from "../src/index.ts";

const shape: Shape = { n: 8, h: 6, w: 5, c: 3, range: [0, 255], classes: 2 };
const images = Float32Array.from({ length: 8 * 6 * 5 * 3 }, (_, at) => (at * 37) % 256);
const usual = { n: 2, m: 9, rr: 1, without: "" };

/** As a training does it: the batch after all hooks. */
function trained(params: Record<string, number | string>, seed = 1): Float32Array {
  const { members } = composePolicy({ steps: [{ use: randaugment.name, with: params }] }, [randaugment as never], {
    task: "classification",
    facts: [],
  });
  return tf.tidy(() => {
    const draws = drawFor(members, createRng(seed), shape);
    const step = createStep({ index: 0, progress: 0, rates: {}, seed: Int32Array.of(1, 2), draws }, new StageState());
    const rows = {
      images,
      labels: new Float32Array(16),
      weights: new Float32Array(8).fill(1),
      origin: new Float32Array(8),
    };
    return applyBatch(members, batchOf(rows, shape), step).images.dataSync() as Float32Array;
  });
}
const changed = (after: Float32Array): number =>
  Array.from({ length: 8 }, (_, i) => i).filter((i) =>
    after.subarray(i * 90, (i + 1) * 90).some((value, at) => value !== images[i * 90 + at]),
  ).length;

beforeAll(() => wasm.load());

describe("randaugment", () => {
  it("is registered, and draws what the library's function draws", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-randaugment"]);
    expect(randaugment.create(usual).draw!(createRng(5), shape)).toEqual(
      drawPolicy(randAugment(2, 9), createRng(5), shape),
    );
  });

  it("changes most examples, more of them with more transforms, and those that rr spares not at all", () => {
    expect(changed(trained({ n: 4, m: 20 }))).toBeGreaterThanOrEqual(7);
    let [few, many, half] = [0, 0, 0];
    for (let seed = 0; seed < 12; seed++) {
      few += changed(trained({ n: 1 }, seed));
      many += changed(trained({ n: 3 }, seed));
      half += changed(trained({ n: 3, rr: 0.5 }, seed));
    }
    expect(many).toBeGreaterThan(few);
    expect(half / many).toBeGreaterThan(0.3);
    expect(half / many).toBeLessThan(0.7);
  });

  it("never draws what it is to leave out, and says so of a slip", () => {
    const movementsOnly = "brightness saturation contrast sharpen posterize solarize autocontrast equalize";
    const { strength } = randaugment.create({ ...usual, without: movementsOnly }).draw!(createRng(1), shape);
    expect(strength).toHaveLength(0);
    expect(() => randaugment.create({ ...usual, without: "rotat" })).toThrow("REG_PARAM");
  });
});
