import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { precisionOf, type Image } from "../src/coco.ts";

type Scene = {
  readonly images: number;
  readonly classes: number;
  /** image, class, x, y, w, h, crowd */ readonly boxes: readonly number[][];
  /** image, class, x, y, w, h, score */ readonly found: readonly number[][];
  readonly measured: { readonly [name in "ap" | "ap50" | "small" | "medium" | "large"]: number | null } & {
    readonly classes: readonly (number | null)[];
  };
};
const scenes = JSON.parse(readFileSync(new URL("golden/coco.json", import.meta.url), "utf8")) as Scene[];

const at = ([, , x, y, w, h]: readonly number[]) => [y!, x!, y! + h!, x! + w!];
const imagesOf = ({ images, boxes, found }: Scene): Image[] =>
  Array.from({ length: images }, (_, image) => ({
    truth: boxes
      .filter(([i]) => i === image)
      .map((box) => ({ at: at(box), class: box[1]!, ...(box[6] && { ignored: "crowd" as const }) })),
    found: found.filter(([i]) => i === image).map((one) => ({ at: at(one), class: one[1]!, score: one[6]! })),
  }));
const near = (got: number | null, wanted: number | null) =>
  wanted === null ? expect(got).toBeNull() : expect(got).toBeCloseTo(wanted, 9);

describe("mean average precision is pycocotools'", () => {
  it.each(scenes.map((scene, i) => [i + 1, scene] as const))("scene %i", (_, scene) => {
    const got = precisionOf(imagesOf(scene), scene.classes);
    for (const name of ["ap", "ap50", "small", "medium", "large"] as const) near(got[name], scene.measured[name]);
    scene.measured.classes.forEach((ap50, k) => near(got.classes[k]!.ap50, ap50));
  });
});

describe("precisionOf", () => {
  const box = [0, 0, 40, 40];
  const image = (truth: Image["truth"], found: Image["found"]): Image => ({ truth, found });

  it("is 1 for right answers, 0 for none, and nothing without objects", () => {
    const right = precisionOf([image([{ at: box, class: 0 }], [{ at: box, class: 0, score: 0.2 }])], 2);
    expect(right).toMatchObject({ ap50: 1, ap: 1, medium: 1, small: null, large: null });
    expect(right.classes.map(({ objects, ap50 }) => [objects, ap50])).toEqual([
      [1, 1],
      [0, null],
    ]);
    expect(precisionOf([image([{ at: box, class: 0 }], [])], 1).ap50).toBe(0);
    expect(precisionOf([image([], [{ at: box, class: 0, score: 1 }])], 1).ap50).toBeNull();
  });

  it("counts half of two objects as 51 of 101 recalls", () => {
    const truth = [
      { at: box, class: 0 },
      { at: [50, 50, 90, 90], class: 0 },
    ];
    expect(precisionOf([image(truth, [{ at: box, class: 0, score: 1 }])], 1).ap50).toBeCloseTo(51 / 101, 12);
  });

  it("a second answer on one object is wrong; on a difficult one neither right nor wrong, however often", () => {
    const twice = [0.9, 0.8].map((score) => ({ at: box, class: 0, score }));
    const other = { at: [50, 50, 90, 90], class: 0 };
    const hit = { ...other, score: 0.5 };
    const of = (ignored?: "difficult") =>
      precisionOf([image([{ at: box, class: 0, ...(ignored && { ignored }) }, other], [...twice, hit])], 1);
    expect(of("difficult").classes[0]).toMatchObject({ objects: 1, ap50: 1 });
    // Right, wrong, right: precision 1 up to recall ½, ⅔ after it.
    expect(of().ap50).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12);
  });
});
