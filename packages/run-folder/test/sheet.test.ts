import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { sheetOf } from "../src/index.ts";

const pixels = (image: string) => decode(Buffer.from(image.split(",")[1]!, "base64"));

describe("a sheet of a report", () => {
  it("is a PNG in the page, with its words; where there is no picture it is clear", () => {
    const format = { h: 1, w: 1, c: 1, range: [0, 1] } as const;
    const images = Float32Array.of(0, 1, 0.5, Number.NaN);
    const sheet = sheetOf({ images, format, columns: 2 }, ["cat", "dog"], ["", ""]);
    expect([sheet.rows, sheet.columns]).toEqual([
      ["cat", "dog"],
      ["", ""],
    ]);
    const { width, height, channels, data } = pixels(sheet.image);
    expect([width, height, channels]).toEqual([2, 2, 2]);
    expect([...data]).toEqual([0, 255, 255, 255, 128, 255, 0, 0]);
  });
  it("shrinks what is large, by means of whole squares", () => {
    const format = { h: 130, w: 130, c: 3, range: [0, 255] } as const;
    const images = Uint8Array.from({ length: 130 * 130 * 3 }, (_, i) => (Math.floor(i / 3) % 2 ? 200 : 100));
    const { width, height, data: all } = pixels(sheetOf({ images, format, columns: 1 }, ["a"], ["b"]).image);
    expect([width, height]).toEqual([43, 43]);
    const data = Array.from(all);
    // Squares of nine pixels, of which four or five are bright.
    expect([...new Set(data)].sort()).toEqual([133, 144, 156, 167].filter((v) => new Set(data).has(v)));
    expect(Math.abs(data.reduce((a, b) => a + b, 0) / data.length - 150)).toBeLessThan(5);
  });
  it("stays small, however many pictures there are", () => {
    const format = { h: 64, w: 64, c: 3, range: [0, 255] } as const;
    const rows = Array.from({ length: 16 }, (_, i) => `class ${i}`);
    const columns = new Array<string>(8).fill("");
    let seed = 1;
    const images = Uint8Array.from({ length: 128 * 64 * 64 * 3 }, () => (seed = (seed * 16807) % 2147483647) & 255);
    expect(sheetOf({ images, format, columns: 8 }, rows, columns).image.length).toBeLessThan(700_000);
  });
});
