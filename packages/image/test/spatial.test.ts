import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { createRng } from "@regimen/contracts";
import { affineWarp, composeWarp, identityWarp, warp, warpBoxes, type AffineParts } from "@regimen/ops";
import { wasm } from "@regimen/backend-wasm";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cropWarp, cutout, drawCutout, drawWindows, quarterTurns, type Window } from "../src/index.ts";

type Golden = {
  readonly h: number;
  readonly w: number;
  readonly boxes: readonly number[][];
  readonly cases: Readonly<Record<string, { image: number[]; boxes: number[][]; mask: number[] }>>;
  readonly "quarter turns of a square": readonly number[][];
  readonly cutout: readonly number[];
};
const golden = JSON.parse(readFileSync(new URL("golden/spatial.json", import.meta.url), "utf8")) as Golden;
const { h: H, w: W } = golden;

/** As golden/spatial.py has it. */
const patternOf = (h: number, w: number): Tensor4D =>
  tf.tensor4d(
    Array.from({ length: h * w * 3 }, (_, at) => {
      const [y, x, c] = [Math.floor(at / (3 * w)), Math.floor(at / 3) % w, at % 3];
      return (x * 17 + y * 29 + c * 53 + x * y * 3) % 256;
    }),
    [1, h, w, 3],
  );
const maskOf = (): Tensor4D =>
  tf.tensor4d(
    Array.from({ length: H * W }, (_, at) => (Math.floor((at % W) / 3) + 2 * Math.floor(at / W / 4)) % 5),
    [1, H, W, 1],
  );
const one = (value: number) => tf.tensor1d([value]);
const windowOf = (values: Window<number>): Window => ({
  top: one(values.top),
  left: one(values.left),
  height: one(values.height),
  width: one(values.width),
});

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("movements are torchvision's, to 1/255 of the range", () => {
  const parts: Record<string, () => AffineParts> = {
    mirror: () => ({ flipX: one(1) }),
    "flip-vertical": () => ({ scaleY: one(-1) }),
    rotate: () => ({ angle: one((25 * Math.PI) / 180) }),
    // torchvision counts shears the other way round.
    "shear-x": () => ({ shearX: one(-0.3) }),
    "shear-y": () => ({ shearY: one(-0.3) }),
    translate: () => ({ shiftX: one(2), shiftY: one(-3) }),
    "zoom-in": () => ({ scaleX: one(1.3), scaleY: one(1.3) }),
    "zoom-out": () => ({ scaleX: one(0.75), scaleY: one(0.75) }),
    crop: () => ({ shiftX: one(2), shiftY: one(-1) }),
  };
  const mapOf = (name: string): Tensor2D =>
    name === "resized-crop"
      ? cropWarp({ h: H, w: W }, windowOf({ top: 2, left: 3, height: 5, width: 8 }))
      : affineWarp({ h: H, w: W }, parts[name]!());

  it.each(Object.keys(golden.cases))("%s: image", (name) => {
    const got = warp(patternOf(H, W), mapOf(name), { interpolation: "bilinear", fill: "constant" }).dataSync();
    const want = golden.cases[name]!.image;
    // A resized window's outermost pixels lie half beside it: torchvision repeats its edge there, and we look beyond it.
    const border = (at: number) => {
      const [y, x] = [Math.floor(at / (3 * W)), Math.floor(at / 3) % W];
      return y === 0 || y === H - 1 || x === 0 || x === W - 1;
    };
    want.forEach((value, at) => {
      if (name === "resized-crop" && border(at)) return;
      expect(Math.abs(got[at]! - value)).toBeLessThan(0.02);
    });
  });

  it.each(Object.keys(golden.cases))("%s: boxes", (name) => {
    const at = tf.tensor3d([golden.boxes.map(([x0, y0, x1, y1]) => [y0!, x0!, y1!, x1!])]);
    const moved = warpBoxes(at, tf.ones([1, 3]) as Tensor2D, mapOf(name), { h: H, w: W });
    const got = moved.at.arraySync()[0]!;
    golden.cases[name]!.boxes.forEach(([x0, y0, x1, y1], box) => {
      if (moved.weights.arraySync()[0]![box] === 0) return; // nearly outside: dropped
      [y0!, x0!, y1!, x1!].forEach((edge, k) => expect(got[box]![k]).toBeCloseTo(edge, 2));
    });
  });

  it.each(Object.keys(golden.cases))("%s: masks", (name) => {
    const got = warp(maskOf(), mapOf(name), { interpolation: "nearest", fill: "constant" }).dataSync();
    const [a, b, c, d, e, f] = mapOf(name).dataSync() as unknown as [number, number, number, number, number, number];
    // Where a map leads to the middle between two pixels, torchvision rounds to the even one, and we do not.
    const undecided = (at: number) => Math.abs(at - Math.floor(at) - 0.5) < 1e-4;
    golden.cases[name]!.mask.forEach((value, at) => {
      const [x, y] = [at % W, Math.floor(at / W)];
      if (!undecided(a * x + b * y + c) && !undecided(d * x + e * y + f)) expect(got[at]).toBe(value);
    });
  });

  it("quarter turns keep every pixel of a square, to the bit", () => {
    const turns = tf.tensor1d([0, 1, 2, 3], "int32");
    const images = tf.tile(patternOf(H, H), [4, 1, 1, 1]);
    const got = warp(images, quarterTurns({ h: H, w: H }, turns), { interpolation: "bilinear", fill: "constant" });
    expect(Array.from(got.dataSync())).toEqual(golden["quarter turns of a square"].flat());
  });

  it("cutout greys the part of a window that is in the image", () => {
    const window = windowOf({ top: 2, left: -3, height: 4, width: 8 });
    expect(Array.from(cutout(patternOf(H, W), [0, 255], window).dataSync())).toEqual(golden.cutout);
  });
});

describe("quarter turns of images that are not square", () => {
  it("stretch the image to its frame: corners go to corners, and four turns are none", () => {
    const size = { h: 4, w: 10 };
    const once = quarterTurns(size, tf.tensor1d([1], "int32"));
    const at = (x: number, y: number) => {
      const [a, b, c, d, e, f] = once.dataSync() as unknown as [number, number, number, number, number, number];
      return [a * x + b * y + c, d * x + e * y + f];
    };
    // The upper left corner, at −½, shows the upper right one.
    for (const [got, want] of [
      [at(-0.5, -0.5), [9.5, -0.5]],
      [at(9.5, -0.5), [9.5, 3.5]],
      [at(9.5, 3.5), [-0.5, 3.5]],
    ] as const)
      got.forEach((value, k) => expect(value).toBeCloseTo(want[k]!, 5));
    const twice = composeWarp(once, once);
    const four = composeWarp(twice, twice).dataSync();
    identityWarp(1)
      .dataSync()
      .forEach((value, k) => expect(four[k]).toBeCloseTo(value, 5));
  });
});

describe("windows", () => {
  it("that are the whole image change nothing, to the bit", () => {
    for (const [h, w] of [
      [7, 5],
      [32, 33],
      [224, 160],
    ] as const) {
      const whole = windowOf({ top: 0, left: 0, height: h, width: w });
      expect(cropWarp({ h, w }, whole).dataSync()).toEqual(identityWarp(1).dataSync());
    }
  });

  it("are in the image, have area and aspect as asked for, and come from everywhere", () => {
    const shape = { n: 4000, h: 60, w: 80 };
    const { top, left, height, width } = drawWindows(createRng(1), shape, [0.2, 1], [3 / 4, 4 / 3]);
    let [most, least] = [0, 1];
    for (let i = 0; i < shape.n; i++) {
      expect(top[i]! >= 0 && top[i]! + height[i]! <= 60 && left[i]! >= 0 && left[i]! + width[i]! <= 80).toBe(true);
      const share = (height[i]! * width[i]!) / 4800;
      [most, least] = [Math.max(most, share), Math.min(least, share)];
      const aspect = width[i]! / height[i]!;
      expect(aspect).toBeGreaterThan(0.75 * 0.95);
      expect(aspect).toBeLessThan((4 / 3) * 1.05);
    }
    expect(least).toBeLessThan(0.22);
    expect(most).toBeGreaterThan(0.95);
    expect(Math.min(...top)).toBe(0);
    expect(Math.max(...left)).toBeGreaterThan(40);
  });

  it("that never fit are the largest central one of the nearest aspect, as torchvision's", () => {
    const { top, left, height, width } = drawWindows(createRng(1), { n: 1, h: 10, w: 100 }, [1, 1], [3 / 4, 4 / 3]);
    expect([top[0], left[0], height[0], width[0]]).toEqual([0, 43, 10, 13]);
  });

  it("of cutouts have their centres all over the image", () => {
    const shape = { n: 8000, h: 10, w: 16 };
    const { top, left, height, width } = drawCutout(createRng(2), shape, 0.5);
    expect(new Set(height)).toEqual(new Set([5]));
    expect(new Set(width)).toEqual(new Set([8]));
    const counts = new Map<number, number>();
    for (const y of top) counts.set(y + 2, (counts.get(y + 2) ?? 0) + 1);
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const count of counts.values()) expect(Math.abs(count - 800)).toBeLessThan(120);
    expect([Math.min(...left) + 4, Math.max(...left) + 4]).toEqual([0, 15]);
  });

  it("of no size cut nothing, to the bit", () => {
    const images = patternOf(H, W);
    expect(cutout(images, [0, 255], windowOf({ top: 2, left: 3, height: 0, width: 0 })).dataSync()).toEqual(
      images.dataSync(),
    );
  });
});

describe("boxes and masks", () => {
  const SIDE = 24;
  const reach = (by: number) => fc.double({ min: -by, max: by, noNaN: true });

  it("move together: a box that is painted into a mask and moved stays in the moved box, and fills it", () => {
    fc.assert(
      fc.property(
        fc.record({
          angle: reach(Math.PI),
          zoom: reach(0.6),
          shear: reach(0.3),
          right: reach(6),
          down: reach(6),
          flipX: fc.constantFrom(0, 1),
          y: fc.integer({ min: 0, max: SIDE - 9 }),
          x: fc.integer({ min: 0, max: SIDE - 9 }),
          tall: fc.integer({ min: 5, max: 9 }),
          wide: fc.integer({ min: 5, max: 9 }),
        }),
        (drawn) =>
          tf.tidy(() => {
            const { y, x, tall, wide } = drawn;
            const scale = one(Math.exp(drawn.zoom)) as Tensor1D;
            const map = affineWarp(
              { h: SIDE, w: SIDE },
              {
                angle: one(drawn.angle),
                scaleX: scale,
                scaleY: scale,
                shearX: one(drawn.shear),
                shiftX: one(drawn.right),
                shiftY: one(drawn.down),
                flipX: one(drawn.flipX),
              },
            );
            const painted = Float32Array.from({ length: SIDE * SIDE }, (_, at) => {
              const [row, column] = [Math.floor(at / SIDE), at % SIDE];
              return Number(row >= y && row < y + tall && column >= x && column < x + wide);
            });
            const mask = warp(tf.tensor4d(painted, [1, SIDE, SIDE, 1]), map, {
              interpolation: "nearest",
              fill: "constant",
            }).dataSync();
            const at = tf.tensor3d([[[y, x, y + tall, x + wide]]]) as Tensor3D;
            const box = warpBoxes(at, tf.ones([1, 1]) as Tensor2D, map, { h: SIDE, w: SIDE });
            if (box.weights.dataSync()[0] === 0) return;
            const [top, left, bottom, right] = box.at.dataSync() as unknown as [number, number, number, number];
            const set = [...mask.keys()].filter((k) => mask[k]! > 0);
            const [rows, columns] = [set.map((k) => Math.floor(k / SIDE) + 0.5), set.map((k) => (k % SIDE) + 0.5)];
            for (const row of rows) expect(row > top - 1e-3 && row < bottom + 1e-3).toBe(true);
            for (const column of columns) expect(column > left - 1e-3 && column < right + 1e-3).toBe(true);
            // Corners may be too thin for a pixel's centre, and be cut off by the image's border.
            const whole = top > 0 && left > 0 && bottom < SIDE && right < SIDE;
            if (!whole) return;
            const gaps = [Math.min(...rows) - top, bottom - Math.max(...rows)];
            gaps.push(Math.min(...columns) - left, right - Math.max(...columns));
            for (const gap of gaps) expect(gap).toBeLessThan(2);
          }),
      ),
      { numRuns: 300 },
    );
  });
});
