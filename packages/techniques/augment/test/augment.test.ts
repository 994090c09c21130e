import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor3D } from "@tensorflow/tfjs-core";
import util from "node:util";
import { createRng, defaultsOf, type Batch, type Rng, type Shape, type Step, type Technique } from "@regimen/core";
import { colour, identityColour, identityWarp, warp } from "@regimen/ops";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import plugin, {
  applyBrightness,
  applyContrast,
  applyMirror,
  applyRotate,
  applyTranslate,
  applyZoom,
  augmentations,
  cluster,
  drawBrightness,
  drawContrast,
  drawRotate,
  drawTranslate,
  drawZoom,
} from "../src/index.ts";

const [N, H, W, C] = [2, 5, 7, 3];
const shape: Shape = { n: N, h: H, w: W, c: C, range: [10, 210], classes: 2 };
const pixels = Array.from({ length: N * H * W * C }, (_, p) => 10 + ((p * 37) % 201));
const value = (i: number, y: number, x: number, c: number): number => pixels[((i * H + y) * W + x) * C + c]!;

const batchOf = (pending: Partial<Pick<Batch, "warp" | "colour">> = {}): Batch => ({
  shape,
  images: tf.tensor4d(pixels, [N, H, W, C]),
  labels: tf.tensor2d([1, 0, 0, 1], [N, 2]),
  weights: tf.ones([N]) as Tensor1D,
  origin: tf.ones([N]) as Tensor1D,
  warp: identityWarp(N),
  colour: identityColour(N, C),
  also: {},
  ...pending,
});
const fedOf = (draw: Record<string, ArrayLike<number>>): Step["fed"] =>
  Object.fromEntries(
    Object.entries(draw).map(([name, values]) => [
      name,
      values instanceof Int32Array ? tf.tensor1d(values, "int32") : tf.tensor1d(Float32Array.from(values)),
    ]),
  );
/** The input pixel (x, y) that an output pixel shows. */
function source(map: readonly number[], x: number, y: number): [number, number] {
  const [a, b, c, d, e, f, g, h] = map as [number, number, number, number, number, number, number, number];
  const k = g * x + h * y + 1;
  return [(a * x + b * y + c) / k, (d * x + e * y + f) / k];
}
const shown = (batch: Batch): tf.TypedArray =>
  warp(batch.images, batch.warp, { interpolation: "bilinear", fill: "reflect" }).dataSync();
const coloured = (batch: Batch): tf.TypedArray => colour(batch.images, batch.colour, shape.range).dataSync();
const moments = (x: ArrayLike<number>) => {
  const all = Array.from(x);
  const mean = all.reduce((a, b) => a + b) / all.length;
  return {
    mean,
    sd: Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length),
    max: Math.max(...all),
    min: Math.min(...all),
  };
};

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("movements", () => {
  it("mirror shows each pixel at the other side", () => {
    const got = shown(applyMirror(batchOf()));
    for (let i = 0; i < N; i++)
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++)
          for (let c = 0; c < C; c++)
            expect(got[((i * H + y) * W + x) * C + c]).toBeCloseTo(value(i, y, W - 1 - x, c), 3);
  });

  it("translate moves by whole pixels, and reflects what comes in", () => {
    const [right, down] = [
      [2, -1],
      [-1, 3],
    ];
    const got = shown(applyTranslate(batchOf(), fedOf({ right: right!, down: down! })));
    const reflect = (at: number, length: number) => (at < 0 ? -at - 1 : at >= length ? 2 * length - 1 - at : at);
    for (let i = 0; i < N; i++)
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++) {
          const [fromY, fromX] = [reflect(y - down![i]!, H), reflect(x - right![i]!, W)];
          for (let c = 0; c < C; c++)
            expect(got[((i * H + y) * W + x) * C + c]).toBeCloseTo(value(i, fromY, fromX, c), 3);
        }
  });

  it("rotate turns about the centre, which stays", () => {
    const angle = [Math.PI / 6, -0.4];
    const maps = applyRotate(batchOf(), fedOf({ angle })).warp.arraySync();
    const [cx, cy] = [(W - 1) / 2, (H - 1) / 2];
    angle.forEach((by, i) => {
      for (const [x, y] of [
        [0, 0],
        [6, 1],
        [cx, cy],
      ] as const) {
        // Content that stood at (u, v), relative to the centre and y downwards, stands after a counter-clockwise turn at:
        const [u, v] = source(maps[i]!, x, y).map((at, axis) => at - (axis ? cy : cx)) as [number, number];
        expect(u * Math.cos(by) + v * Math.sin(by)).toBeCloseTo(x - cx, 4);
        expect(-u * Math.sin(by) + v * Math.cos(by)).toBeCloseTo(y - cy, 4);
      }
    });
  });

  it("zoom scales about the centre", () => {
    const scale = [2, 0.5];
    const maps = applyZoom(batchOf(), fedOf({ scale })).warp.arraySync();
    const [cx, cy] = [(W - 1) / 2, (H - 1) / 2];
    scale.forEach((by, i) => {
      const [x, y] = source(maps[i]!, 6, 0);
      expect((x - cx) * by).toBeCloseTo(6 - cx, 5);
      expect((y - cy) * by).toBeCloseTo(0 - cy, 5);
    });
  });

  it("add themselves after what is pending", () => {
    const first = applyTranslate(batchOf(), fedOf({ right: [2, 2], down: [0, 0] }));
    const maps = applyMirror(first).warp.arraySync();
    // Shifted right by 2, then mirrored: the output's x shows W − 1 − x of the shifted image, which is input W − 3 − x.
    for (const map of maps) expect(source(map, 1, 3)).toEqual([W - 4, 3]);
  });
});

describe("colours", () => {
  it("brightness adds a share of the range and stays in it", () => {
    const offset = [0.25, -0.5];
    const got = coloured(applyBrightness(batchOf(), fedOf({ offset })));
    pixels.forEach((before, p) => {
      const by = offset[Math.floor(p / (H * W * C))]!;
      expect(got[p]).toBeCloseTo(Math.min(210, Math.max(10, before + 200 * by)), 2);
    });
  });

  it("contrast moves pixels to or from the mean of their image, over all channels", () => {
    const factor = [0.5, 1.4];
    const got = coloured(applyContrast(batchOf(), fedOf({ factor })));
    for (let i = 0; i < N; i++) {
      const own = pixels.slice(i * H * W * C, (i + 1) * H * W * C);
      const mean = own.reduce((a, b) => a + b) / own.length;
      own.forEach((before, p) => {
        const want = (before - mean) * factor[i]! + mean;
        expect(got[i * H * W * C + p]).toBeCloseTo(Math.min(210, Math.max(10, want)), 2);
      });
    }
  });

  it("contrast takes the mean as the colours pending before it will have made it", () => {
    // Channels exchanged and scaled, with offsets: out = M · in + o, in shares of the range.
    const M = [
      [0.2, 0.3, 0.1],
      [0, 0.5, 0.1],
      [0.4, 0, 0.3],
    ];
    const o = [0.1, 0.2, 0.05];
    const pending = tf.tensor3d(
      [M, M].map((m) => m.map((row, c) => [...row, o[c]!])),
      [N, C, C + 1],
    ) as Tensor3D;
    const factor = [0.5, 1.25];
    const got = coloured(applyContrast(batchOf({ colour: pending }), fedOf({ factor })));
    for (let i = 0; i < N; i++) {
      const before: number[] = [];
      for (let y = 0; y < H; y++)
        for (let x = 0; x < W; x++)
          for (let c = 0; c < C; c++)
            before.push(M[c]!.reduce((sum, m, k) => sum + m * ((value(i, y, x, k) - 10) / 200), o[c]!));
      const mean = before.reduce((a, b) => a + b) / before.length;
      before.forEach((v, p) => {
        const want = Math.min(1, Math.max(0, (v - mean) * factor[i]! + mean));
        expect((got[i * H * W * C + p]! - 10) / 200).toBeCloseTo(want, 4);
      });
    }
  });

  it("brightness and contrast commute, so neither can undo the other", () => {
    const [offset, factor] = [{ offset: [0.1, -0.2] }, { factor: [1.3, 0.6] }];
    const one = applyContrast(applyBrightness(batchOf(), fedOf(offset)), fedOf(factor)).colour.dataSync();
    const other = applyBrightness(applyContrast(batchOf(), fedOf(factor)), fedOf(offset)).colour.dataSync();
    one.forEach((entry, k) => expect(entry).toBeCloseTo(other[k]!, 5));
  });
});

describe("draws", () => {
  const many = { ...shape, n: 20_000, h: 32, w: 40 };
  const uniform = (x: Float32Array, reach: number, middle = 0) => {
    const { mean, sd, min, max } = moments(x);
    expect(Math.abs(mean - middle)).toBeLessThan(0.02 * reach);
    expect(sd / (reach / Math.sqrt(3))).toBeCloseTo(1, 1);
    expect(Math.max(max - middle, middle - min)).toBeLessThanOrEqual(reach * (1 + 1e-6));
    expect(Math.min(max - middle, middle - min)).toBeGreaterThan(0.99 * reach);
  };

  it("are uniform within the documented reach", () => {
    for (const m of [0.2, 1]) {
      uniform(drawRotate(createRng(1), many, m).angle, (m * Math.PI) / 4);
      uniform(drawZoom(createRng(2), many, m).scale.map(Math.log), Math.log(1 + m));
      uniform(drawBrightness(createRng(3), many, m).offset, m / 2);
      uniform(drawContrast(createRng(4), many, m).factor, m / 2, 1);
    }
  });

  it("shift by every whole number of pixels alike: ±4 of 32 at m = 0.5, as the usual random crop", () => {
    const { right, down } = drawTranslate(createRng(5), many, 0.5);
    const counts = new Map<number, number>();
    for (const by of down) counts.set(by, (counts.get(by) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-4, -3, -2, -1, 0, 1, 2, 3, 4]);
    for (const count of counts.values()) expect(Math.abs(count - 20_000 / 9)).toBeLessThan(200); // 4.5 standard deviations
    expect(moments(right)).toMatchObject({ min: -5, max: 5 });
  });

  it("grow with m, example by example, from nothing at m = 0", () => {
    const strength: Record<string, (rng: Rng, m: number) => Float32Array> = {
      rotate: (rng, m) => drawRotate(rng, many, m).angle.map(Math.abs),
      zoom: (rng, m) => drawZoom(rng, many, m).scale.map((s) => Math.abs(Math.log(s))),
      brightness: (rng, m) => drawBrightness(rng, many, m).offset.map(Math.abs),
      contrast: (rng, m) => drawContrast(rng, many, m).factor.map((f) => Math.abs(f - 1)),
    };
    for (const draw of Object.values(strength)) {
      const [none, weak, strong] = [0, 0.3, 0.9].map((m) => draw(createRng(6), m)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (let i = 0; i < 100; i++) {
        expect(none[i]).toBe(0);
        expect(strong[i]).toBeGreaterThanOrEqual(weak[i]!);
      }
    }
    const shifts = [0, 0.3, 0.9].map((m) => moments(drawTranslate(createRng(6), many, m).down).sd);
    expect(shifts[0]).toBe(0);
    expect(shifts[2]).toBeGreaterThan(shifts[1]!);
  });
});

describe("the techniques", () => {
  const all = Object.values(augmentations) as unknown as readonly Technique<{ m: number; rr: number }>[];

  it("are registered, one by one", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual([...all, cluster].map(({ name }) => name));
    expect(registered).toContain("@regimen/technique-augment/mirror");
  });

  it("leave what is pending as it was at m = 0, to the bit", () => {
    const angle = tf.tensor1d([0.3, 0]);
    const pending = {
      warp: applyRotate(batchOf(), { angle }).warp,
      colour: applyBrightness(batchOf(), { offset: tf.tensor1d([-0.2, 0]) }).colour,
    };
    for (const technique of all.filter(({ space }) => "m" in space)) {
      const hooks = technique.create({ m: 0, rr: 1 });
      for (let seed = 0; seed < 5; seed++) {
        const before = batchOf(pending);
        const step = { fed: fedOf(hooks.draw!(createRng(seed), shape)) } as unknown as Step;
        const after = hooks.batch!(before, step);
        expect(after.warp.dataSync()).toEqual(before.warp.dataSync());
        expect(after.colour.dataSync()).toEqual(before.colour.dataSync());
      }
    }
  });

  it("edit what is pending and nothing else: movements the warp, colours the colour; textures the images", () => {
    const edits = { space: "warp", colour: "colour", texture: "images" } as const;
    for (const technique of all) {
      const hooks = technique.create({ ...defaultsOf(technique.space), m: 1, rr: 1 });
      const before = batchOf();
      const edited = edits[technique.order.slot as keyof typeof edits];
      let changed = false;
      for (let seed = 1; seed < 6; seed++) {
        const fed = fedOf(hooks.draw?.(createRng(seed), shape) ?? {});
        const after = hooks.batch!(before, { fed, epoch: tf.scalar(seed) } as unknown as Step);
        for (const key of Object.keys(before) as (keyof Batch)[])
          if (key === edited) expect(after[key]).not.toBe(before[key]);
          else expect(after[key]).toBe(before[key]);
        changed ||= !util.isDeepStrictEqual(after[edited].dataSync(), before[edited].dataSync());
      }
      expect([technique.name, changed]).toEqual([technique.name, true]);
    }
  });
});
