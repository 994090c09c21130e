import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSpec } from "../src/index.ts";
import { fillPolygon, fillRuns } from "../src/rasterise.ts";
import golden from "./golden/rasterise.json" with { type: "json" };
import { expectCode, howIn, plain, tempFolder, write } from "./helpers.ts";

/** Even-odd by a ray to the left of one point. */
function inside(x: number, y: number, polygon: readonly number[]): boolean {
  let found = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [x0, y0, x1, y1] = [polygon[i]!, polygon[i + 1]!, polygon[j]!, polygon[j + 1]!];
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) found = !found;
  }
  return found;
}
const filled = (h: number, w: number, polygon: readonly number[]): Uint32Array => {
  const into = new Uint32Array(h * w);
  fillPolygon(into, w, polygon, 1);
  return into;
};

describe("polygons", () => {
  it("hold the pixels whose centre is inside, crossing or not, in the picture or not", () => {
    const point = fc.double({ min: -6, max: 22, noNaN: true });
    fc.assert(
      fc.property(fc.array(point, { minLength: 6, maxLength: 16 }), (numbers) => {
        const polygon = numbers.slice(0, numbers.length - (numbers.length % 2));
        filled(13, 17, polygon).forEach((pixel, at) =>
          expect(pixel).toBe(Number(inside((at % 17) + 0.5, Math.floor(at / 17) + 0.5, polygon))),
        );
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it.each(golden.polygons)("agree with pycocotools but for the edge", ({ size: [h, w], polygon, pixels }) => {
    const own = filled(h!, w!, polygon);
    const differ = [...own.keys()].filter((at) => own[at] !== pixels[at]);
    // Its rasteriser rounds corners to fifths of a pixel and takes every pixel that an edge crosses on one side.
    const nearEdge = (at: number): boolean => {
      const neighbours = [-1, 1, -w!, w!, -w! - 1, -w! + 1, w! - 1, w! + 1].map((step) => own[at + step]);
      return neighbours.some((pixel) => pixel !== own[at]);
    };
    expect(differ.every(nearEdge)).toBe(true);
    const [mine, theirs] = [own.reduce((a, b) => a + b, 0), pixels.reduce((a, b) => a + b, 0)];
    expect(Math.abs(mine - theirs) / theirs).toBeLessThan(0.08);
  });

  it("two points are nothing", () => {
    expect(filled(4, 4, [0, 0, 4, 4]).every((pixel) => pixel === 0)).toBe(true);
  });
});

describe("run lengths", () => {
  it.each(golden.runs)("of pycocotools, $size", ({ size, counts, pixels }) => {
    const into = new Uint32Array(pixels.length);
    fillRuns(into, { size: size as [number, number], counts }, 1);
    expect([...into]).toEqual(pixels);
  });

  it("as numbers, column by column; and not for another picture", () => {
    const into = new Uint32Array(6);
    fillRuns(into, { size: [2, 3], counts: [1, 2, 3] }, 7);
    expect([...into]).toEqual([0, 7, 0, 7, 0, 0]);
    expect(() => fillRuns(into, { size: [3, 3], counts: [9] }, 1)).toThrow(RangeError);
    expect(() => fillRuns(into, { size: [2, 3], counts: [1, 2] }, 1)).toThrow(RangeError);
  });
});

describe("coco-masks", () => {
  const categories = [
    { id: 7, name: "cat" },
    { id: 3, name: "dog" },
  ];
  const images = [
    { id: 1, file_name: "a.png", width: 8, height: 8 },
    { id: 2, file_name: "b.png", width: 8, height: 8 },
  ];
  const dog = { id: 1, image_id: 1, category_id: 3, segmentation: [[0, 0, 8, 0, 8, 4, 0, 4]] };
  const cat = { id: 2, image_id: 1, category_id: 7, segmentation: { size: [8, 8], counts: [2, 1, 61] } };

  it("objects over a background, the smaller on the larger, in the order of the categories' numbers", async () => {
    const root = await tempFolder();
    for (const name of ["a", "b"]) await plain(root, `images/${name}.png`, [9, 9, 9]);
    await write(root, "annotations/train.json", JSON.stringify({ images, categories, annotations: [cat, dog] }));
    const spec = { format: "coco-masks", path: "annotations/train.json" };
    const samples = await openSpec(spec, howIn(root));
    expect(samples.classes).toEqual(["background", "dog", "cat"]);
    const { masks } = await samples.read([0, 1]);
    expect([...masks!.subarray(0, 8)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect([...masks!.subarray(16, 24)]).toEqual([2, 1, 1, 1, 1, 1, 1, 1]);
    expect([...masks!.subarray(32)].every((k) => k === 0)).toBe(true);
    expect([...samples.labels()!]).toEqual([32 / 64, 31 / 64, 1 / 64, 1, 0, 0]);
    samples.dispose();
    await expectCode(openSpec(spec, howIn(root, { classes: ["background", "dog"] })), "REG_DATA_LABEL", "cat");
  });

  it("says which annotation is wrong", async () => {
    const root = await tempFolder();
    await plain(root, "a.png", [9, 9, 9]);
    const file = (annotation: object) =>
      write(root, "x.json", JSON.stringify({ images: images.slice(0, 1), categories, annotations: [annotation] }));
    const spec = { format: "coco-masks", path: "x.json" };
    await file({ ...dog, category_id: 9 });
    await expectCode(openSpec(spec, howIn(root)), "REG_DATA_LABEL", "annotation 1", "category 9");
    await file({ ...dog, segmentation: ["0 0 8 8"] });
    await expectCode(openSpec(spec, howIn(root)), "REG_DATA_UNREADABLE", "annotation 1", "polygons");
  });
});
