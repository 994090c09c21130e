import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitImage, place, resampleInto, withChannels } from "../src/pixels.ts";
import { noise } from "./helpers.ts";

/** The definition, written out for one output value: a triangle around the centre, as wide as the reduction. */
function slow(data: Uint8Array, h: number, w: number, c: number, H: number, W: number): number[] {
  const weight = (i: number, centre: number, reach: number) => Math.max(0, 1 - Math.abs(i + 0.5 - centre) / reach);
  const out: number[] = [];
  for (let Y = 0; Y < H; Y++)
    for (let X = 0; X < W; X++)
      for (let k = 0; k < c; k++) {
        let sum = 0;
        let total = 0;
        for (let y = 0; y < h; y++)
          for (let x = 0; x < w; x++) {
            const weighted =
              weight(y, ((Y + 0.5) * h) / H, Math.max(1, h / H)) * weight(x, ((X + 0.5) * w) / W, Math.max(1, w / W));
            sum += weighted * data[(y * w + x) * c + k]!;
            total += weighted;
          }
        out.push(sum / total);
      }
  return out;
}

describe("resampling", () => {
  it("is the antialiased bilinear rule, up and down", () => {
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 12 }),
          fc.integer({ min: 1, max: 12 }),
          fc.constantFrom(1, 3),
          fc.nat(99),
        ),
        ([h, w, H, W, c, seed]) => {
          const data = noise(h * w * c, seed);
          const out = new Float32Array(H * W * c);
          resampleInto(out, { data, h, w, c }, { h: H, w: W }, "stretch");
          slow(data, h, w, c, H, W).forEach((want, i) => expect(out[i]).toBeCloseTo(want, 3));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("averages two pixels into one, and rounds halves up", () => {
    const half = fitImage({ data: Uint8Array.of(10, 13), h: 1, w: 2, c: 1 }, { h: 1, w: 1, c: 1 }, "stretch");
    expect([...half]).toEqual([12]); // 11.5
  });

  it("doubles a row as by hand: centres at one half, edges repeated", () => {
    const out = fitImage({ data: Uint8Array.of(0, 100), h: 1, w: 2, c: 1 }, { h: 1, w: 4, c: 1 }, "stretch");
    expect([...out]).toEqual([0, 25, 75, 100]);
  });

  it("leaves an image of the target's size as it is", () => {
    const data = noise(6 * 5 * 3, 1);
    expect(fitImage({ data, h: 6, w: 5, c: 3 }, { h: 6, w: 5, c: 3 }, "cover")).toEqual(data);
  });

  it("keeps a flat image flat in every fit that fills", () => {
    const data = new Uint8Array(7 * 9 * 3).fill(201);
    for (const fit of ["cover", "stretch"] as const) {
      expect(new Set(fitImage({ data, h: 7, w: 9, c: 3 }, { h: 4, w: 5, c: 3 }, fit))).toEqual(new Set([201]));
    }
  });
});

describe("fit", () => {
  // 2 × 4: columns 1, 2, 3, 4
  const wide = { data: Uint8Array.of(10, 20, 30, 40, 10, 20, 30, 40), h: 2, w: 4, c: 1 };
  it("cover cuts both ends of the longer side", () => {
    expect([...fitImage(wide, { h: 2, w: 2, c: 1 }, "cover")]).toEqual([20, 30, 20, 30]);
  });
  it("contain puts the whole on black", () => {
    const out = fitImage(wide, { h: 4, w: 4, c: 1 }, "contain");
    expect([...out]).toEqual([0, 0, 0, 0, 10, 20, 30, 40, 10, 20, 30, 40, 0, 0, 0, 0]);
  });
  it("stretch uses both sides as they come", () => {
    const { from, to } = place({ h: 2, w: 4 }, { h: 3, w: 3 }, "stretch");
    expect([from.y.length, from.x.length, to.y.length, to.x.length]).toEqual([2, 4, 3, 3]);
  });
});

describe("channels", () => {
  it("makes grey by Rec. 601 luma", () => {
    const grey = withChannels({ data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255), h: 1, w: 3, c: 3 }, 1);
    expect([...grey.data]).toEqual([76, 150, 29]);
  });
  it("makes colour by repeating", () => {
    expect([...withChannels({ data: Uint8Array.of(7, 9), h: 1, w: 2, c: 1 }, 3).data]).toEqual([7, 7, 7, 9, 9, 9]);
  });
});
