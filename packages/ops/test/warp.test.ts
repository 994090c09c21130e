import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { affineWarp, composeWarp, identityWarp, warp, type AffineParts, type WarpOptions } from "../src/index.ts";
import { checkGradients, difference, leavesNothing, numbers, onEachBackend, random, values } from "./backends.ts";

// TensorFlow's definition (image_ops.h: ProjectiveGenerator, MapCoordinate), number by number in double precision.
function transcription(
  images: Float32Array,
  [n, h, w, c]: [number, number, number, number],
  maps: Float32Array,
  { interpolation, fill, value = 0 }: WarpOptions,
): Float64Array {
  const out = new Float64Array(images.length);
  const coordinate = (at: number, length: number): number => {
    if (fill === "constant") return at;
    let inside = at;
    if (inside < 0) {
      const period = 2 * length;
      if (inside < period) inside = period * Math.trunc(-inside / period) + inside;
      inside = inside < -length ? inside + period : -inside - 1;
    } else if (inside > length - 1) {
      const period = 2 * length;
      inside -= period * Math.trunc(inside / period);
      if (inside >= length) inside = period - inside - 1;
    }
    return Math.min(Math.max(inside, 0), length - 1);
  };
  const read = (b: number, y: number, x: number, k: number): number =>
    y >= 0 && y < h && x >= 0 && x < w ? images[((b * h + y) * w + x) * c + k]! : value;
  for (let b = 0; b < n; b++) {
    const m = maps.slice(8 * b, 8 * b + 8);
    for (let oy = 0; oy < h; oy++) {
      for (let ox = 0; ox < w; ox++) {
        const k = m[6]! * ox + m[7]! * oy + 1;
        const x = coordinate((m[0]! * ox + m[1]! * oy + m[2]!) / k, w);
        const y = coordinate((m[3]! * ox + m[4]! * oy + m[5]!) / k, h);
        for (let channel = 0; channel < c; channel++) {
          const at = ((b * h + oy) * w + ox) * c + channel;
          if (k === 0) out[at] = value;
          else if (interpolation === "nearest") {
            const round = (v: number) => Math.sign(v) * Math.floor(Math.abs(v) + 0.5);
            out[at] = read(b, round(y), round(x), channel);
          } else {
            const [x0, y0] = [Math.floor(x), Math.floor(y)];
            const above = (x0 + 1 - x) * read(b, y0, x0, channel) + (x - x0) * read(b, y0, x0 + 1, channel);
            const below = (x0 + 1 - x) * read(b, y0 + 1, x0, channel) + (x - x0) * read(b, y0 + 1, x0 + 1, channel);
            out[at] = (y0 + 1 - y) * above + (y - y0) * below;
          }
        }
      }
    }
  }
  return out;
}

const modes: WarpOptions[] = [
  { interpolation: "bilinear", fill: "reflect" },
  { interpolation: "bilinear", fill: "constant", value: 0.7 },
  { interpolation: "nearest", fill: "reflect" },
  { interpolation: "nearest", fill: "constant" },
];
const maps = () =>
  tf.tensor2d([
    [1.1, 0.13, -1.37, -0.12, 0.93, 0.51, 0, 0],
    [0.7, -0.71, 3.2, 0.69, 0.7, -2.3, 0, 0],
    [1, 0, 0, 0, 1, 0, 0, 0],
    [0.9, 0.1, 0.3, 0.05, 1.2, -0.4, 0.021, -0.013],
    [1, 0, -40.3, 0, 1, 33.6, 0, 0],
  ]);

onEachBackend(() => {
  for (const how of modes) {
    for (const c of [1, 3, 6]) {
      test(`${how.interpolation}, ${how.fill}, ${c} channels: against TensorFlow's definition`, () => {
        leavesNothing(() =>
          tf.tidy(() => {
            const images = random([5, 7, 9, c], 1) as tf.Tensor4D;
            const got = warp(images, maps(), how);
            expect(got.shape).toEqual(images.shape);
            const expected = transcription(values(images), images.shape, values(maps()), how);
            expect(difference(values(got), expected)).toBeLessThan(2e-5);
          }),
        );
      });
    }

    test(`${how.interpolation}, ${how.fill}: an identity row is a copy to the bit`, () => {
      tf.tidy(() => {
        const pixels = numbers(2 * 4 * 5 * 3, 2);
        pixels[7] = -0;
        pixels[20] = Infinity;
        const images = tf.tensor4d(pixels, [2, 4, 5, 3]);
        const rows = tf.tensor2d([
          [1, 0, 0, 0, 1, 0, 0, 0],
          [1, 0, 1, 0, 1, 0, 0, 0],
        ]);
        const got = values(warp(images, rows, how));
        expect(got.slice(0, 60).every((v, i) => Object.is(v, pixels[i]))).toBe(true);
      });
    });

    test(`${how.interpolation}, ${how.fill}: gradient to the images`, () => {
      leavesNothing(() =>
        tf.tidy(() => checkGradients((x) => warp(x as tf.Tensor4D, maps(), how), [random([5, 7, 9, 3], 3)])),
      );
    });
  }

  test("a point at infinity shows the fill", () => {
    tf.tidy(() => {
      // k = 1 − x / 2: output column 2 looks at infinity.
      const got = values(
        warp(tf.ones([1, 1, 4, 1]), tf.tensor2d([[1, 0, 0, 0, 1, 0, -0.5, 0]]), {
          interpolation: "nearest",
          fill: "constant",
          value: 9,
        }),
      );
      expect(got[0]).toBe(1);
      expect(got[2]).toBe(9);
    });
  });

  test("composing two maps shows what warping twice shows", () => {
    tf.tidy(() => {
      const images = random([2, 9, 9, 1], 4) as tf.Tensor4D;
      const how = { interpolation: "nearest", fill: "constant" } as const;
      // A quarter turn and a shift by whole pixels lose nothing, so that the two ways agree exactly.
      const turn = affineWarp({ h: 9, w: 9 }, { angle: tf.fill([2], Math.PI / 2) });
      const shift = affineWarp({ h: 9, w: 9 }, { shiftX: tf.tensor1d([2, -3]), shiftY: tf.tensor1d([1, 0]) });
      expect(values(warp(images, composeWarp(turn, shift), how))).toEqual(
        values(warp(warp(images, turn, how), shift, how)),
      );
      expect(values(warp(images, composeWarp(shift, turn), how))).toEqual(
        values(warp(warp(images, shift, how), turn, how)),
      );
    });
  });

  test("composing is the product of the matrices, its last element 1", () => {
    tf.tidy(() => {
      const p = [1.1, 0.13, -1.37, -0.12, 0.93, 0.51, 0.01, 0.02, 1];
      const q = [0.9, 0.1, 0.3, 0.05, 1.2, -0.4, 0.021, -0.013, 1];
      const product = Array.from({ length: 9 }, (_, i) =>
        [0, 1, 2].reduce((sum, k) => sum + p[3 * Math.floor(i / 3) + k]! * q[3 * k + (i % 3)]!, 0),
      );
      const got = values(composeWarp(tf.tensor2d([p.slice(0, 8)]), tf.tensor2d([q.slice(0, 8)])));
      got.forEach((v, i) => expect(v).toBeCloseTo(product[i]! / product[8]!, 5));
    });
  });

  test("composing with the identity changes nothing, to the bit", () => {
    tf.tidy(() => {
      const some = random([50, 8], 5) as tf.Tensor2D;
      expect(values(composeWarp(some, identityWarp(50)))).toEqual(values(some));
      expect(values(composeWarp(identityWarp(50), some))).toEqual(values(some));
    });
  });

  describe("affineWarp", () => {
    const size = { h: 6, w: 9 };
    const all = (value: number, n = 4) => tf.fill([n], value) as tf.Tensor1D;
    const parts: [keyof AffineParts, number][] = [
      ["angle", 0],
      ["scaleX", 1],
      ["scaleY", 1],
      ["shearX", 0],
      ["shearY", 0],
      ["shiftX", 0],
      ["shiftY", 0],
      ["flipX", 0],
    ];

    test("at the identity values it is exactly the identity", () => {
      leavesNothing(() =>
        tf.tidy(() => {
          const identity = [...values(identityWarp(4))];
          const positive = (row: tf.Tensor) => [...values(row)].map((v) => v + 0);
          for (const [name, off] of parts) expect(positive(affineWarp(size, { [name]: all(off) }))).toEqual(identity);
          expect(positive(affineWarp(size, Object.fromEntries(parts.map(([name, off]) => [name, all(off)]))))).toEqual(
            identity,
          );
        }),
      );
    });

    /** Where a pixel of the input is seen in the output, by hand in double precision. */
    function seen(x: number, y: number, p: Record<string, number>): [number, number] {
      const [cx, cy] = [(size.w - 1) / 2, (size.h - 1) / 2];
      let [u, v] = [x - cx, y - cy];
      if (p["flipX"]) u = -u;
      u *= p["scaleX"] ?? 1;
      v *= p["scaleY"] ?? 1;
      u += (p["shearX"] ?? 0) * v;
      v += (p["shearY"] ?? 0) * u;
      const a = p["angle"] ?? 0;
      // Counter-clockwise as seen, where y points down.
      [u, v] = [u * Math.cos(a) + v * Math.sin(a), -u * Math.sin(a) + v * Math.cos(a)];
      return [u + cx + (p["shiftX"] ?? 0), v + cy + (p["shiftY"] ?? 0)];
    }

    test("every part, and all of them together, move pixels as they say", () => {
      tf.tidy(() => {
        const values1: Record<string, number> = {
          angle: 0.4,
          scaleX: 1.3,
          scaleY: 0.8,
          shearX: 0.3,
          shearY: -0.2,
          shiftX: 2.5,
          shiftY: -1.5,
          flipX: 1,
        };
        const choices = [...Object.keys(values1).map((key) => [key]), Object.keys(values1)];
        for (const keys of choices) {
          const chosen = Object.fromEntries(keys.map((key) => [key, values1[key]!]));
          const row = values(affineWarp(size, Object.fromEntries(keys.map((key) => [key, all(values1[key]!, 1)]))));
          for (const [x, y] of [
            [0, 0],
            [8, 0],
            [3, 5],
          ] as const) {
            const [ox, oy] = seen(x, y, chosen);
            expect(row[0]! * ox + row[1]! * oy + row[2]!, keys.join()).toBeCloseTo(x, 4);
            expect(row[3]! * ox + row[4]! * oy + row[5]!, keys.join()).toBeCloseTo(y, 4);
          }
        }
      });
    });

    test("a mirrored image is tf.reverse's", () => {
      tf.tidy(() => {
        const images = random([1, 6, 9, 3], 6) as tf.Tensor4D;
        const mirrored = warp(images, affineWarp(size, { flipX: tf.tensor1d([1]) }), {
          interpolation: "bilinear",
          fill: "reflect",
        });
        expect(values(mirrored)).toEqual(values(tf.reverse(images, 2)));
      });
    });

    test("without any part it is refused", () => {
      expect(() => affineWarp(size, {})).toThrow(/at least one/);
    });
  });
});
