import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DataSpec, ReadHow } from "@regimen/core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { findSplits, openSpec } from "../src/index.ts";
import { expectCode, howIn, plain, tempFolder, write } from "./helpers.ts";

type Boxes = NonNullable<Awaited<ReturnType<Awaited<ReturnType<typeof openSpec>>["read"]>>["boxes"]>;

const RED = [255, 0, 0] as const;
let root: string;
beforeAll(async () => {
  root = await tempFolder();
  for (const folder of ["coco", "yolo/images/train", "voc/JPEGImages", "csv"])
    for (const name of ["1.png", "2.png", "3.png"]) await plain(root, `${folder}/${name}`, RED, { h: 40, w: 60 });
});

const open = (spec: DataSpec, more: Partial<ReadHow> = {}) => openSpec(spec, howIn(root, more));
/** The boxes of one row as [class, label's value, y0, x0, y1, x1]. */
function rowOf({ at, labels, weights }: Boxes, row: number, rows: number, classes: number): number[][] {
  const capacity = weights.length / rows;
  return Array.from({ length: capacity }, (_, i) => row * capacity + i)
    .filter((slot) => weights[slot]! > 0)
    .map((slot) => {
      const own = [...labels.subarray(slot * classes, (slot + 1) * classes)];
      const k = own.findIndex((value) => value !== 0);
      return [k, own[k]!, ...at.subarray(4 * slot, 4 * slot + 4)];
    });
}
async function read(spec: DataSpec, more: Partial<ReadHow> = {}) {
  const samples = await open(spec, more);
  const rows = Array.from({ length: samples.length }, (_, row) => row);
  const { boxes } = await samples.read(rows);
  const { classes, length, notes, skipped } = samples;
  const found = rows.map((row) => rowOf(boxes!, row, length, classes.length));
  const labels = [...samples.labels()!];
  const ids = rows.map((row) => samples.id(row));
  samples.dispose();
  return { classes, found, labels, ids, notes, skipped, capacity: boxes!.weights.length / length };
}

describe("coco", () => {
  const json = (more: object = {}) => ({
    images: [
      { id: 10, file_name: "1.png", width: 60, height: 40 },
      { id: 11, file_name: "2.png", width: 60, height: 40 },
      { id: 12, file_name: "3.png", width: 60, height: 40 },
    ],
    categories: [
      { id: 7, name: "dog" },
      { id: 3, name: "cat" },
    ],
    annotations: [
      { id: 1, image_id: 10, category_id: 7, bbox: [6, 4, 12, 10], iscrowd: 0 },
      { id: 2, image_id: 10, category_id: 3, bbox: [0, 0, 30, 20], iscrowd: 0 },
      { id: 3, image_id: 12, category_id: 3, bbox: [10, 10, 20, 20], iscrowd: 1 },
    ],
    ...more,
  });
  const coco = async (content: unknown, more: Partial<DataSpec> = {}, how: Partial<ReadHow> = {}) => {
    await write(root, "coco/instances_train.json", typeof content === "string" ? content : JSON.stringify(content));
    return read({ format: "coco", path: "coco/instances_train.json", ...more }, how);
  };

  it("reads boxes, crowds and images without any; classes in the order of their ids", async () => {
    const { classes, found, labels, ids, capacity } = await coco(json());
    expect(classes).toEqual(["cat", "dog"]);
    expect(ids).toEqual(["coco/1.png", "coco/2.png", "coco/3.png"]);
    expect(found).toEqual([
      [
        [1, 1, 4, 6, 14, 18],
        [0, 1, 0, 0, 20, 30],
      ],
      [],
      [[0, -2, 10, 10, 30, 30]],
    ]);
    // A crowd is no label of its image.
    expect(labels).toEqual([1, 1, 0, 0, 0, 0]);
    expect(capacity).toBe(8);
  });

  it("finds images in a folder named for the split beside annotations/", async () => {
    await write(root, "coco2/annotations/instances_val.json", JSON.stringify(json()));
    for (const name of ["1.png", "2.png", "3.png"]) await plain(root, `coco2/val/${name}`, RED, { h: 40, w: 60 });
    const { skipped, found } = await read({ format: "coco", path: "coco2/annotations/instances_val.json" });
    expect([skipped.length, found.length]).toEqual([0, 3]);
  });

  it("cuts boxes at the edge, leaves out those outside, and says so", async () => {
    const annotations = [
      { image_id: 10, category_id: 3, bbox: [50, 30, 20, 20] },
      { image_id: 10, category_id: 3, bbox: [-5, -5, 15, 15] },
      { image_id: 10, category_id: 3, bbox: [70, 10, 5, 5] },
    ];
    const { found, notes } = await coco(json({ annotations }));
    expect(found[0]).toEqual([
      [0, 1, 30, 50, 40, 60],
      [0, 1, 0, 0, 10, 10],
    ]);
    expect(notes!.join()).toMatch(/1 boxes are outside.*annotation 2/);
  });

  it("refuses what is wrong, by code", async () => {
    const one = (annotation: object) =>
      json({ annotations: [{ image_id: 10, category_id: 3, bbox: [1, 1, 5, 5], ...annotation }] });
    await expectCode(coco(one({ category_id: 99 })), "REG_DATA_LABEL", "category 99");
    await expectCode(coco(one({ image_id: 99 })), "REG_DATA_LABEL", "image 99");
    await expectCode(coco(one({ bbox: [1, 1, null, 5] })), "REG_DATA_LABEL", "NaN");
    await expectCode(coco(one({ bbox: [1, 1, -3, 5] })), "REG_DATA_LABEL");
    await expectCode(coco(one({ bbox: [1, 1] })), "REG_DATA_UNREADABLE", "bbox");
    await expectCode(coco("{ no json"), "REG_DATA_UNREADABLE");
    await expectCode(coco({ annotations: [] }), "REG_DATA_UNREADABLE", '"images"');
    await expectCode(coco(json(), {}, { classes: ["dog", "cow"] }), "REG_DATA_LABEL", '"cat"');
    await expectCode(coco(json(), { capacity: 1 }), "REG_DATA_MISMATCH", "has 2 boxes");
    await expectCode(read({ format: "coco", path: "coco" }), "REG_DATA_PATH");
  });

  it("skips an image that is not there", async () => {
    const { skipped, found } = await coco(json({ images: [...json().images, { id: 20, file_name: "gone.png" }] }));
    expect(skipped).toEqual([{ file: "coco/gone.png", why: "there is no such file" }]);
    expect(found.length).toBe(3);
  });
});

describe("boxes move with the picture's resizing", () => {
  const resized = async (size: { h: number; w: number }, fit: ReadHow["fit"], box: readonly number[]) => {
    const [x0, y0, x1, y1] = box;
    await write(root, "csv/one.csv", `path,label,xmin,ymin,xmax,ymax\n1.png,a,${x0},${y0},${x1},${y1}\n`);
    return (await read({ format: "boxes-csv", path: "csv/one.csv" }, { size, fit })).found[0]!;
  };

  it("stretched, letterboxed, and cut", async () => {
    expect(await resized({ h: 20, w: 20 }, "stretch", [6, 4, 30, 40])).toEqual([[0, 1, 2, 2, 20, 10]]);
    // 60 × 40 into 30 × 30: 30 × 20, five rows of black above and below.
    expect(await resized({ h: 30, w: 30 }, "contain", [6, 4, 30, 40])).toEqual([[0, 1, 7, 3, 25, 15]]);
    // The middle 40 × 40 is kept.
    expect(await resized({ h: 20, w: 20 }, "cover", [6, 4, 30, 40])).toEqual([[0, 1, 2, 0, 20, 10]]);
    expect(await resized({ h: 20, w: 20 }, "cover", [0, 0, 11, 40])).toEqual([]);
  });

  it("a white rectangle is where its box says", async () => {
    const sharp = (await import("sharp")).default;
    const side = fc.integer({ min: 0, max: 40 });
    let run = 0;
    await mkdir(join(root, "drawn"), { recursive: true });
    await fc.assert(
      fc.asyncProperty(side, side, fc.constantFrom("cover", "contain", "stretch"), async (x, y, fit) => {
        const [w, h] = [20, 16];
        const white = await sharp({ create: { width: w, height: h, channels: 3, background: "#fff" } })
          .png()
          .toBuffer();
        const name = `${run++}.png`;
        await sharp({ create: { width: 64, height: 80, channels: 3, background: "#000" } })
          .composite([{ input: white, left: x, top: y }])
          .png()
          .toFile(join(root, "drawn", name));
        await write(root, "drawn/boxes.csv", `path,label,xmin,ymin,xmax,ymax\n${name},a,${x},${y},${x + w},${y + h}\n`);
        const samples = await open(
          { format: "boxes-csv", path: "drawn/boxes.csv" },
          { size: { h: 48, w: 48 }, fit, channels: 1 },
        );
        const { images, boxes } = await samples.read([0]);
        const [found] = rowOf(boxes!, 0, 1, 1);
        samples.dispose();
        const lit = Array.from({ length: 48 * 48 }, (_, i) => i).filter((i) => images[i]! > 127);
        if (!found) return expect(lit.length).toBeLessThan(0.35 * 20 * 16);
        const [rows, columns] = [lit.map((i) => Math.floor(i / 48)), lit.map((i) => i % 48)];
        const [, , y0, x0, y1, x1] = found as [number, number, number, number, number, number];
        for (const [got, wanted] of [
          [Math.min(...rows), y0],
          [Math.max(...rows) + 1, y1],
          [Math.min(...columns), x0],
          [Math.max(...columns) + 1, x1],
        ] as const)
          expect(Math.abs(got - wanted)).toBeLessThan(1.01);
      }),
      { numRuns: 12 },
    );
  });
});

describe("yolo", () => {
  it("reads shares and polygons, names from the YAML above; an image without text has no objects", async () => {
    await write(root, "yolo/data.yaml", "train: images/train\nnames:\n  0: cat\n  1: dog\n");
    await write(root, "yolo/labels/train/1.txt", "1 0.5 0.5 0.2 0.5\n\n0 0.25 0.25 0.5 0.25 0.5 0.75\n");
    await write(root, "yolo/labels/train/2.txt", "");
    const { classes, found, notes, labels } = await read({ format: "yolo", path: "yolo", split: "train" });
    expect(classes).toEqual(["cat", "dog"]);
    const near = (got: number[], wanted: number[]) => wanted.forEach((v, i) => expect(got[i]).toBeCloseTo(v, 4));
    near(found[0]![0]!, [1, 1, 10, 24, 30, 36]);
    near(found[0]![1]!, [0, 1, 10, 15, 30, 30]);
    expect(found.slice(1)).toEqual([[], []]);
    expect(labels).toEqual([1, 1, 0, 0, 0, 0]);
    expect(notes!.join()).toMatch("1 images have no text file");
    const same = await read({ format: "yolo", path: "yolo/images/train" });
    expect(same.found).toEqual(found);
  });

  it("refuses what is wrong, by code", async () => {
    const line = async (text: string) => {
      await write(root, "yolo/labels/train/1.txt", text);
      return read({ format: "yolo", path: "yolo", split: "train" });
    };
    await expectCode(line("1 0.5 0.5 0.2"), "REG_DATA_UNREADABLE", "line 1");
    await expectCode(line("cat 0.5 0.5 0.2 0.2"), "REG_DATA_UNREADABLE");
    await expectCode(line("0 0.5 nan 0.2 0.2"), "REG_DATA_UNREADABLE");
    await expectCode(line("0 30 20 10 10"), "REG_DATA_LABEL", "far outside");
    await expectCode(line("7 0.5 0.5 0.2 0.2"), "REG_DATA_LABEL", '"7"');
    await expectCode(read({ format: "yolo", path: "yolo", split: "val" }), "REG_DATA_PATH");
    await expectCode(read({ format: "yolo", path: "coco" }), "REG_DATA_EMPTY", "labels/1.txt");
  });
});

describe("voc", () => {
  const xml = (name: string, objects: string) =>
    write(root, `voc/Annotations/${name}.xml`, `<annotation><filename>${name}.png</filename>${objects}</annotation>`);
  const object = (name: string, sides: string, more = "") => {
    const [xmin, ymin, xmax, ymax] = sides.split(" ");
    return `<object><name>${name}</name>${more}<bndbox><xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax></bndbox></object>`;
  };
  const voc = (more: Partial<DataSpec> = {}) => read({ format: "voc", path: "voc", ...more });

  it("reads boxes counted from 1, difficult objects, and lists of a split", async () => {
    await xml("1", object("dog", "1 1 60 40") + object("cat &amp; kitten", "11 5 20 14", "<difficult>1</difficult>"));
    await xml("2", "");
    await xml("3", object("dog", "7.5 5 10 20"));
    const { classes, found, labels } = await voc();
    expect(classes).toEqual(["cat & kitten", "dog"]);
    expect(found).toEqual([
      [
        [1, 1, 0, 0, 40, 60],
        [0, -1, 4, 10, 14, 20],
      ],
      [],
      [[1, 1, 4, 6.5, 20, 10]],
    ]);
    expect(labels).toEqual([0, 1, 0, 0, 0, 1]);
    await write(root, "voc/ImageSets/Main/val.txt", "3\n");
    expect((await voc({ split: "val" })).ids).toEqual(["voc/JPEGImages/3.png"]);
  });

  it("refuses what is wrong, by code", async () => {
    await xml("1", object("dog", "1 1 x 40"));
    await expectCode(voc(), "REG_DATA_LABEL", "NaN");
    await xml("1", object("", "1 1 2 2"));
    await expectCode(voc(), "REG_DATA_UNREADABLE", "no name");
    await write(root, "voc/Annotations/1.xml", "<annotation><object>");
    await expectCode(voc(), "REG_DATA_UNREADABLE", "1.xml");
    await write(root, "voc/Annotations/1.xml", "<html></html>");
    await expectCode(voc(), "REG_DATA_UNREADABLE", '"html"');
    await expectCode(voc({ split: "nowhere" }), "REG_DATA_PATH");
  });
});

describe("boxes-csv", () => {
  const csv = async (text: string, more: Partial<DataSpec> = {}, how: Partial<ReadHow> = {}) => {
    await write(root, "csv/boxes.csv", text);
    return read({ format: "boxes-csv", path: "csv/boxes.csv", ...more }, how);
  };
  const HEAD = "file,class,xmin,ymin,xmax,ymax,difficult,crowd,split";

  it("reads a row an object, images without objects, flags, splits", async () => {
    const text = `${HEAD}\n1.png,b,1,2,3,4,,,train\n1.png,a,0,0,60,40,1,,train\n2.png,,,,,,,,train\n3.png,a,5,5,9,9,,true,val\n`;
    const { classes, found } = await csv(text);
    expect(classes).toEqual(["a", "b"]);
    expect(found).toEqual([
      [
        [1, 1, 2, 1, 4, 3],
        [0, -1, 0, 0, 40, 60],
      ],
      [],
      [[0, -2, 5, 5, 9, 9]],
    ]);
    expect((await csv(text, { split: "val" }, { classes })).found).toEqual([[[0, -2, 5, 5, 9, 9]]]);
    expect((await csv(text, { limit: 1 })).classes).toEqual(["a", "b"]);
  });

  it("refuses what is wrong, by code", async () => {
    await expectCode(csv("file,class,xmin,ymin,xmax\n1.png,a,1,2,3\n"), "REG_DATA_UNREADABLE", "ymax");
    await expectCode(csv(`${HEAD}\n1.png,a,1,2,,4,,,\n`), "REG_DATA_LABEL", "line 2", "NaN");
    await expectCode(csv(`${HEAD}\n1.png,a,5,2,3,4,,,\n`), "REG_DATA_LABEL", "x 5 to 3");
    await expectCode(csv(`${HEAD}\n,a,1,2,3,4,,,\n`), "REG_DATA_UNREADABLE", "line 2");
    await expectCode(csv(`${HEAD}\n`), "REG_DATA_EMPTY");
    await expectCode(csv(`${HEAD}\n1.png,a,1,2,3,4,,,\n`, {}, { classes: ["b"] }), "REG_DATA_LABEL", '"a"');
    await expectCode(csv(`${HEAD}\ngone.png,a,1,2,3,4,,,\n`), "REG_DATA_EMPTY", "no such file");
  });
});

describe("a folder and nothing else", () => {
  const found = async (files: readonly string[], content = "") => {
    const folder = await tempFolder();
    for (const file of files) {
      if (file.endsWith(".png")) await plain(folder, file, RED);
      else await write(folder, file, content);
    }
    return findSplits("", folder);
  };

  it("tells YOLO, COCO, Pascal VOC and CSV apart, with their splits", async () => {
    expect(await found(["images/1.png", "labels/1.txt"])).toEqual({
      task: "detection",
      train: { format: "yolo", path: "" },
    });
    expect(await found(["images/train/1.png", "images/val/2.png", "labels/train/1.txt"])).toEqual({
      task: "detection",
      train: { format: "yolo", path: "", split: "train" },
      validation: { format: "yolo", path: "", split: "val" },
    });
    expect(
      await found(["train/images/1.png", "train/labels/1.txt", "test/images/1.png", "test/labels/1.txt"]),
    ).toMatchObject({
      train: { format: "yolo", path: "train" },
      test: { format: "yolo", path: "test" },
    });
    expect(
      await found(["annotations/instances_train2017.json", "annotations/instances_val2017.json", "train2017/1.png"]),
    ).toMatchObject({
      train: { format: "coco", path: "annotations/instances_train2017.json" },
      validation: { format: "coco", path: "annotations/instances_val2017.json" },
    });
    expect(await found(["train/_annotations.coco.json", "valid/_annotations.coco.json", "train/1.png"])).toMatchObject({
      train: { format: "coco", path: "train/_annotations.coco.json" },
      validation: { format: "coco", path: "valid/_annotations.coco.json" },
    });
    expect(await found(["annotations.json", "images/1.png"])).toMatchObject({ train: { format: "coco" } });
    expect(
      await found(["Annotations/1.xml", "JPEGImages/1.png", "ImageSets/Main/train.txt", "ImageSets/Main/test.txt"]),
    ).toMatchObject({
      train: { format: "voc", split: "train" },
      test: { format: "voc", split: "test" },
    });
    expect(await found(["boxes.csv", "images/1.png"])).toMatchObject({
      train: { format: "boxes-csv", path: "boxes.csv" },
    });
  });

  it("a class that is called labels is a class", async () => {
    expect((await found(["images/1.png", "labels/1.png"])).task).toBeUndefined();
  });
});
