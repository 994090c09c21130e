import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { createRng, type Batch, type Shape, type Step } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, { applyCutmix, cutmix, drawCutmix } from "../src/index.ts";

const [N, H, W, C, K, CAPACITY] = [3, 4, 6, 2, 3, 3];
const shape: Shape = { n: N, h: H, w: W, c: C, range: [0, 255], classes: K };
const pixels = N * H * W;

/** Plain arrays, so that the transcriptions below can read them. */
const images = Array.from({ length: pixels * C }, (_, p) => (p * 31) % 251);
const masks = Array.from({ length: pixels }, (_, p) => (p * 7) % 5);
const labels = [
  [1, 0, 0],
  [0, 0.25, 0.75],
  [0, 0, 0], // no label
];
const weights = [1, 2, 0];
const patches = [
  [1, 2, 3, 6], // y0, x0, y1, x1
  [0, 0, 4, 1],
  [2, 2, 2, 2], // empty
];
const partner = [1, 2, 0];

type PlainBox = { readonly at: readonly number[]; readonly weight: number; readonly label: number };
function batchOf(boxes?: readonly (readonly PlainBox[])[]): Batch {
  const all = boxes?.flat() ?? [];
  return {
    shape,
    images: tf.tensor4d(images, [N, H, W, C]),
    labels: tf.tensor2d(labels),
    weights: tf.tensor1d(weights),
    origin: tf.tensor1d([1, 2, 0]),
    masks: tf.tensor3d(masks, [N, H, W], "int32"),
    ...(boxes && {
      boxes: {
        at: tf.tensor3d(
          all.flatMap((box) => box.at),
          [N, CAPACITY, 4],
        ),
        labels: tf.tensor3d(
          all.flatMap((box) => Array.from({ length: K }, (_, k) => +(k === box.label))),
          [N, CAPACITY, K],
        ),
        weights: tf.tensor2d(
          all.map((box) => box.weight),
          [N, CAPACITY],
        ),
      },
    }),
    warp: tf.zeros([N, 8]) as Tensor2D,
    colour: tf.zeros([N, C, C + 1]) as Tensor3D,
    also: {},
  };
}
const fedOf = (box: ArrayLike<number>, to: ArrayLike<number>): Step["fed"] => ({
  box: tf.tensor1d(Float32Array.from(box)),
  partner: tf.tensor1d(Int32Array.from(to), "int32"),
});
const isPasted = (patch: readonly number[], y: number, x: number): boolean =>
  y >= patch[0]! && y < patch[2]! && x >= patch[1]! && x < patch[3]!;
const at = (i: number, y: number, x: number): number => (i * H + y) * W + x;

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("drawCutmix", () => {
  it("draws whole pixels within the image, and a permutation", () => {
    const { box, partner: to } = drawCutmix(createRng(2), { n: 500, h: 7, w: 10 }, 1);
    for (let i = 0; i < 500; i++) {
      const [y0, x0, y1, x1] = box.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
      for (const value of [y0, x0, y1, x1]) expect(Number.isInteger(value)).toBe(true);
      expect(y0 >= 0 && y0 <= y1 && y1 <= 7 && x0 >= 0 && x0 <= x1 && x1 <= 10).toBe(true);
    }
    expect([...to].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it("covers what the paper's rectangle covers on average: a slow simulation with another generator", () => {
    // The area of a rectangle of side √(1 − λ), λ uniform, centre uniform, clipped to the unit square.
    let state = 12345;
    const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
    const overlap = (centre: number, side: number) => Math.min(1, centre + side / 2) - Math.max(0, centre - side / 2);
    const rounds = 40_000;
    let want = 0;
    for (let k = 0; k < rounds; k++) {
      const side = Math.sqrt(1 - next());
      want += (overlap(next(), side) * overlap(next(), side)) / rounds;
    }
    const n = 40_000;
    const { box } = drawCutmix(createRng(4), { n, h: 32, w: 32 }, 1);
    let got = 0;
    for (let i = 0; i < 4 * n; i += 4) got += ((box[i + 2]! - box[i]!) * (box[i + 3]! - box[i + 1]!)) / (32 * 32) / n;
    expect(Math.abs(got - want)).toBeLessThan(0.006); // the mean of 40,000 has a standard error of about 0.0011
  });

  it("has its centre uniform over the image: a pixel in a corner is pasted as often as in the other corners, less than the middle", () => {
    const n = 20_000;
    const { box } = drawCutmix(createRng(9), { n, h: 16, w: 16 }, 1);
    const share = (y: number, x: number) => {
      let hits = 0;
      for (let i = 0; i < n; i++) hits += +isPasted([...box.subarray(4 * i, 4 * i + 4)], y, x);
      return hits / n;
    };
    const corners = [share(0, 0), share(0, 15), share(15, 0), share(15, 15)];
    for (const corner of corners) expect(Math.abs(corner - corners[0]!)).toBeLessThan(0.015);
    expect(share(8, 8)).toBeGreaterThan(corners[0]! + 0.2);
  });

  it("draws empty rectangles at α = 0", () => {
    const { box } = drawCutmix(createRng(1), { n: 20, h: 8, w: 8 }, 0);
    for (let i = 0; i < 80; i += 4) expect((box[i + 2]! - box[i]!) * (box[i + 3]! - box[i + 1]!)).toBe(0);
  });
});

describe("applyCutmix", () => {
  it("takes each pixel and its class from the example or from its partner", () => {
    const out = applyCutmix(batchOf(), fedOf(patches.flat(), partner));
    const got = out.images.dataSync();
    const classes = out.masks!.dataSync();
    for (let i = 0; i < N; i++)
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++) {
          const from = at(isPasted(patches[i]!, y, x) ? partner[i]! : i, y, x);
          for (let c = 0; c < C; c++) expect(got[at(i, y, x) * C + c]).toBe(images[from * C + c]);
          expect(classes[at(i, y, x)]).toBe(masks[from]);
        }
    expect(out.masks!.dtype).toBe("int32");
  });

  it("counts λ in pixels, and gives every label the weighted loss that the mix of the two losses would have", () => {
    const out = applyCutmix(batchOf(), fedOf(patches.flat(), partner));
    const logProbabilities = [-0.3, -1.7, -2.2];
    const loss = (label: readonly number[], weight: number) =>
      -weight * label.reduce((sum, y, k) => sum + y * logProbabilities[k]!, 0);
    const mixed = out.labels.arraySync();
    const w = out.weights.arraySync();
    for (let i = 0; i < N; i++) {
      let own = 0;
      for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) own += +!isPasted(patches[i]!, y, x);
      const lambda = own / (H * W);
      const j = partner[i]!;
      const want = lambda * loss(labels[i]!, weights[i]!) + (1 - lambda) * loss(labels[j]!, weights[j]!);
      expect(loss(mixed[i]!, w[i]!)).toBeCloseTo(want, 5);
    }
    expect(w[1]).toBeCloseTo(2 * (20 / 24), 5); // its partner has no label: the label stays, the weight shrinks
    expect(mixed[1]).toEqual([0, 0.25, 0.75]);
  });

  it("with equal weights, mixes labels by the share of pixels, and they stay distributions", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 }), (seed) =>
        tf.tidy(() => {
          const y = [
            [1, 0, 0],
            [0, 0.25, 0.75],
            [0, 0, 1],
          ];
          const batch = { ...batchOf(), labels: tf.tensor2d(y), weights: tf.ones([N]) as Tensor1D };
          const draw = drawCutmix(createRng(seed), shape, 1);
          const out = applyCutmix(batch, fedOf(draw.box, draw.partner)).labels.arraySync();
          for (let i = 0; i < N; i++) {
            const [y0, x0, y1, x1] = [...draw.box.subarray(4 * i, 4 * i + 4)] as [number, number, number, number];
            const lambda = 1 - ((y1 - y0) * (x1 - x0)) / (H * W);
            out[i]!.forEach((value, k) =>
              expect(value).toBeCloseTo(lambda * y[i]![k]! + (1 - lambda) * y[draw.partner[i]!]![k]!, 5),
            );
            expect(out[i]!.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
          }
        }),
      ),
      { numRuns: 30 },
    );
  });

  it("leaves a batch as it was where rectangles are empty, to the bit", () => {
    const padding: PlainBox = { at: [0, 0, 0, 0], weight: 0, label: 0 };
    const boxes = [
      [padding, { at: [0, 0, 2, 2], weight: 1, label: 1 }, { at: [1, 1, 1, 3], weight: 1, label: 2 }],
      [{ at: [0, 0, 4, 6], weight: 1, label: 0 }, { at: [3, 3, 4, 4], weight: 0.5, label: 2 }, padding],
      [padding, padding, padding],
    ];
    const odd = images.map((value, p) => (p === 0 ? -0 : p === 1 ? Infinity : value));
    const before = { ...batchOf(boxes), images: tf.tensor4d(odd, [N, H, W, C]) };
    const draw = drawCutmix(createRng(1), shape, 0);
    const after = applyCutmix(before, fedOf(draw.box, draw.partner));
    for (const key of ["images", "labels", "weights", "masks"] as const)
      expect(after[key]!.dataSync()).toEqual(before[key]!.dataSync());
    for (const key of ["at", "labels", "weights"] as const)
      expect(after.boxes![key].dataSync()).toEqual(before.boxes![key].dataSync());
    for (const key of ["origin", "warp", "colour", "also"] as const) expect(after[key]).toBe(before[key]);
  });
});

describe("boxes", () => {
  /** The box around the pixels of `box` that pass, how many pass, and how many there are. */
  const painted = (box: readonly number[], passes: (y: number, x: number) => boolean) => {
    const seen: [number, number][] = [];
    let all = 0;
    for (let y = box[0]!; y < box[2]!; y++)
      for (let x = box[1]!; x < box[3]!; x++) {
        all++;
        if (passes(y, x)) seen.push([y, x]);
      }
    const [ys, xs] = [seen.map(([y]) => y), seen.map(([, x]) => x)];
    return { at: [Math.min(...ys), Math.min(...xs), Math.max(...ys) + 1, Math.max(...xs) + 1], seen: seen.length, all };
  };
  /** By counting pixels: what stays, own boxes first, the largest where there are too many. */
  const transcribed = (own: readonly PlainBox[], theirs: readonly PlainBox[], patch: readonly number[]) => {
    const candidates = [
      ...own.map((box) => ({ ...box, ...painted(box.at, (y, x) => !isPasted(patch, y, x)) })),
      ...theirs.map((box) => ({ ...box, ...painted(box.at, (y, x) => isPasted(patch, y, x)) })),
    ];
    return candidates
      .map((box, order) => ({ ...box, order }))
      .filter((box) => box.weight > 0 && box.seen > 0 && box.seen >= 0.25 * box.all)
      .sort((a, b) => b.seen - a.seen || a.order - b.order)
      .slice(0, CAPACITY)
      .sort((a, b) => a.order - b.order)
      .map(({ at, weight, label }) => ({ at, weight, label }));
  };
  const span = (side: number) =>
    fc
      .tuple(fc.integer({ min: 0, max: side - 1 }), fc.integer({ min: 1, max: side }))
      .map(([from, length]) => [from, Math.min(side, from + length)] as const);
  const anyBox = fc.record({
    at: fc.tuple(span(H), span(W)).map(([[y0, y1], [x0, x1]]) => [y0, x0, y1, x1]),
    weight: fc.constantFrom(0, 1, 0.5),
    label: fc.integer({ min: 0, max: K - 1 }),
  });
  const perExample = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: N, maxLength: N });
  const boxesOfAll = perExample(fc.array(anyBox, { minLength: CAPACITY, maxLength: CAPACITY }));
  const patchOf = fc.tuple(span(H), span(W)).map(([[y0, y1], [x0, x1]]) => [y0, x0, y1, x1]);

  it("follow the pixels: a count pixel by pixel gives the same boxes", () => {
    fc.assert(
      fc.property(boxesOfAll, perExample(patchOf), fc.integer({ min: 0, max: 99 }), (boxes, patch, seed) =>
        tf.tidy(() => {
          const to = createRng(seed).permutation(N);
          const out = applyCutmix(batchOf(boxes), fedOf(patch.flat(), to)).boxes!;
          const [where, classes, weight] = [out.at.arraySync(), out.labels.arraySync(), out.weights.arraySync()];
          for (let i = 0; i < N; i++) {
            const got = weight[i]!.flatMap((w, b) =>
              w > 0 ? [{ at: where[i]![b]!, weight: w, label: classes[i]![b]!.indexOf(1) }] : [],
            );
            expect(got).toEqual(transcribed(boxes[i]!, boxes[to[i]!]!, patch[i]!));
            for (const [y0, x0, y1, x1] of where[i]! as [number, number, number, number][])
              expect(0 <= y0 && y0 <= y1 && y1 <= H && 0 <= x0 && x0 <= x1 && x1 <= W).toBe(true);
          }
        }),
      ),
      { numRuns: 150 },
    );
  });
});

describe("the technique", () => {
  it("is registered, and its hooks are the two functions", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-cutmix"]);
    const hooks = cutmix.create({ alpha: 1, rr: 0.5 });
    expect(hooks.draw!(createRng(5), shape)).toEqual(drawCutmix(createRng(5), shape, 1));
    const step = { fed: fedOf(patches.flat(), partner) } as unknown as Step;
    expect(hooks.batch!(batchOf(), step).images.dataSync()).toEqual(applyCutmix(batchOf(), step.fed).images.dataSync());
  });
});
