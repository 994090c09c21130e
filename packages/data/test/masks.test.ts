import { deflateSync, crc32 } from "node:zlib";
import { IGNORED } from "@regimen/core";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { findSplits } from "../src/index.ts";
import { openMaskFolder } from "../src/mask-folder.ts";
import { nearest, OUTSIDE, readMask } from "../src/mask-pixels.ts";
import { expectCode, howIn, plain, tempFolder, write } from "./helpers.ts";

/** A PNG written out by hand: `type` 0 grey, 2 colour, 3 palette; `rows` of packed bytes. */
function png(w: number, depth: number, type: number, rows: readonly (readonly number[])[]): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(w, 0);
  head.writeUInt32BE(rows.length, 4);
  head.set([depth, type], 8);
  const palette = Buffer.from(Array.from({ length: 3 * 2 ** depth }, (_, i) => (i * 37) % 256));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    ...(type === 3 ? [chunk("PLTE", palette)] : []),
    chunk("IDAT", deflateSync(Buffer.from(rows.flatMap((row) => [0, ...row])))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
const GREY = [90, 90, 90] as const;

/** images/ of 4×4 pixels and masks/ as given, by name; opened. */
async function opened(masks: Record<string, Buffer>, more: object = {}, how: object = {}) {
  const root = await tempFolder();
  for (const [name, mask] of Object.entries(masks)) {
    await plain(root, `set/images/${name}.png`, GREY, { h: 4, w: 4 });
    await write(root, `set/masks/${name}.png`, mask);
  }
  return openMaskFolder({ format: "mask-folder", path: "set", ...more }, howIn(root, how));
}
const read = async (samples: Awaited<ReturnType<typeof opened>>, row = 0): Promise<number[]> => [
  ...(await samples.read([row])).masks!,
];

describe("a mask's own numbers", () => {
  it.each([
    [
      "1 bit",
      png(4, 1, 0, [[0b10100000], [0], [0b11110000], [0b00010000]]),
      [1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 1],
    ],
    [
      "a palette of 4 bits",
      png(3, 4, 3, [
        [0x21, 0x30],
        [0x0f, 0x20],
      ]),
      [2, 1, 3, 0, 15, 2],
    ],
    [
      "a palette of 8 bits",
      png(2, 8, 3, [
        [7, 200],
        [0, 1],
      ]),
      [7, 200, 0, 1],
    ],
    [
      "16 bits",
      png(2, 16, 0, [
        [1, 44, 0, 2],
        [0, 0, 255, 255],
      ]),
      [300, 2, 0, 65535],
    ],
    ["grey saved as colours", png(2, 8, 2, [[0, 0, 0, 3, 3, 3]]), [0, 3]],
  ])("%s", async (_, file, values) => {
    const mask = await readMask(await write(await tempFolder(), "m.png", file));
    expect([...mask.values]).toEqual(values);
    expect(mask.kind).toBe("levels");
  });

  it("colours", async () => {
    const mask = await readMask(await write(await tempFolder(), "m.png", png(2, 8, 2, [[255, 0, 16, 0, 0, 0]])));
    expect([mask.kind, ...mask.values]).toEqual(["colours", 0xff0010, 0]);
  });

  it("resampled: each pixel the one under its centre, laid out as the image is", () => {
    const of = { h: 2, w: 4 };
    const values = [1, 2, 3, 4, 5, 6, 7, 8];
    expect([...nearest(values, of, { h: 2, w: 2 }, "cover")]).toEqual([2, 3, 6, 7]);
    expect([...nearest(values, of, { h: 4, w: 4 }, "contain")]).toEqual([
      ...Array<number>(4).fill(OUTSIDE),
      ...values,
      ...Array<number>(4).fill(OUTSIDE),
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 4 }),
        (h, w, k) => {
          const numbers = Array.from({ length: h * w }, (_, i) => i);
          const large = nearest(numbers, { h, w }, { h: h * k, w: w * k }, "stretch");
          large.forEach((value, at) => {
            const [y, x] = [Math.floor(at / (w * k)), at % (w * k)];
            expect(value).toBe(Math.floor(y / k) * w + Math.floor(x / k));
          });
          expect([...nearest(large, { h: h * k, w: w * k }, { h, w }, "cover")]).toEqual(numbers);
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });
});

describe("mask-folder", () => {
  const two = png(4, 8, 0, [
    [0, 0, 255, 255],
    [0, 0, 255, 255],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  const three = png(4, 8, 0, [
    [0, 1, 2, 255],
    [0, 1, 2, 255],
    [0, 1, 2, 255],
    [0, 1, 2, 255],
  ]);

  it("black and one other level are two classes; labels are shares of pixels", async () => {
    const samples = await opened({ a: two });
    expect(samples.classes).toEqual(["background", "object"]);
    expect(await read(samples)).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...samples.labels()!]).toEqual([0.75, 0.25]);
    expect((await samples.read([0])).images).toHaveLength(16 * 3);
    samples.dispose();
  });

  it("with more levels, 255 is ignored", async () => {
    const samples = await opened({ a: three });
    expect(samples.classes).toEqual(["0", "1", "2"]);
    expect((await read(samples)).slice(0, 4)).toEqual([0, 1, 2, IGNORED]);
    expect([...samples.labels()!]).toEqual([1, 1, 1].map((part) => Math.fround(part / 3)));
    samples.dispose();
  });

  it("classes of the training split hold for the others; a value that is none of them is an error", async () => {
    const samples = await opened({ a: three }, {}, { classes: ["sky", "road", "tree", "car"] });
    expect(samples.classes).toEqual(["sky", "road", "tree", "car"]);
    samples.dispose();
    await expectCode(opened({ a: three }, {}, { classes: ["sky", "road"] }), "REG_DATA_LABEL", "value 2", "2 classes");
  });

  it("instances: every object is one class; without the option, so many numbers are an error that names it", async () => {
    const rows = Array.from({ length: 20 }, (_, y) =>
      Array.from({ length: 20 }, (_, x) => [0, 0].with(1, (y * 20 + x) % 256).with(0, (y * 20 + x) >> 8)).flat(),
    );
    const file = png(20, 16, 0, rows);
    const root = await tempFolder();
    await plain(root, "images/a.png", GREY, { h: 20, w: 20 });
    await write(root, "masks/a.png", file);
    const spec = { format: "mask-folder", path: "." };
    await expectCode(openMaskFolder(spec, howIn(root)), "REG_DATA_LABEL", "instances: true");
    const samples = await openMaskFolder({ ...spec, instances: true }, howIn(root));
    expect((await read(samples)).filter((k) => k === 1)).toHaveLength(399);
    samples.dispose();
  });

  /** 4×4 pixels with these numbers, the rest 0. */
  const numbersTo = (end: number, gap = 0): Buffer =>
    png(
      4,
      8,
      0,
      Array.from({ length: 4 }, (_, y) =>
        Array.from({ length: 4 }, (_, x) => (4 * y + x > end || 4 * y + x === gap ? 0 : 4 * y + x)),
      ),
    );
  const objects = { a: numbersTo(3), b: numbersTo(7), c: numbersTo(9), d: numbersTo(12) };

  it("numbers that run from 1 to another end in each mask are objects, which is noted; instances: false is believed", async () => {
    const samples = await opened(objects);
    expect(samples.classes).toEqual(["background", "object"]);
    expect(samples.notes?.join()).toContain("instances: false");
    expect(await read(samples)).toEqual([0, 1, 1, 1, ...Array<number>(12).fill(0)]);
    samples.dispose();
    const split = await opened({ a: numbersTo(4) }, {}, { classes: ["background", "object"] });
    expect((await read(split)).filter((k) => k === 1)).toHaveLength(4);
    split.dispose();
    const told = await opened(objects, { instances: false });
    expect(told.classes).toHaveLength(13);
    told.dispose();
  });

  it.each([
    ["few classes", { a: numbersTo(2), b: numbersTo(3), c: numbersTo(4), d: numbersTo(5) }],
    ["all classes everywhere", { a: numbersTo(12), b: numbersTo(12), c: numbersTo(12), d: numbersTo(12) }],
    ["gaps", { ...objects, c: numbersTo(9, 3), d: numbersTo(12, 5) }],
  ])("%s: numbers are classes", async (_, masks) => {
    const samples = await opened(masks);
    expect(samples.classes.length).toBeGreaterThan(2);
    samples.dispose();
  });

  it("colours are classes, with names and ignored ones where told", async () => {
    const row = [0, 0, 0, 255, 0, 0, 0, 255, 0, 224, 224, 192];
    const file = png(4, 8, 2, [row, row, row, row]);
    const samples = await opened({ a: file }, { ignore: "#e0e0c0" });
    expect(samples.classes).toEqual(["#000000", "#00ff00", "#ff0000"]);
    expect((await read(samples)).slice(0, 4)).toEqual([0, 2, 1, IGNORED]);
    samples.dispose();
    const root = await tempFolder();
    await plain(root, "images/a.png", GREY, { h: 4, w: 4 });
    await write(root, "masks/a.png", file);
    await write(root, "classes.txt", "void #e0e0c0\nsky #000000\nroad #00ff00\ncar #ff0000\n");
    const named = await openMaskFolder({ format: "mask-folder", path: "." }, howIn(root));
    expect(named.classes).toEqual(["void #e0e0c0", "sky #000000", "road #00ff00", "car #ff0000"]);
    expect((await read(named)).slice(0, 4)).toEqual([1, 3, 2, 0]);
    named.dispose();
    await write(root, "classes.txt", "sky #000000\nroad #00ff00\ncar #ff0000\n");
    await expectCode(openMaskFolder({ format: "mask-folder", path: "." }, howIn(root)), "REG_DATA_LABEL", "#e0e0c0");
  });

  it("pairs by name; an image without a mask is unlabelled, one whose mask is broken or of another shape is skipped", async () => {
    const root = await tempFolder();
    for (const name of ["a", "b", "c", "d"]) await plain(root, `images/${name}.jpg`, GREY, { h: 4, w: 4 });
    await write(root, "masks/a_mask.png", two);
    await write(root, "masks/c.png", "no picture");
    await write(
      root,
      "masks/d.png",
      png(2, 8, 0, [
        [0, 0],
        [0, 0],
        [1, 1],
        [1, 1],
      ]),
    );
    await write(root, "masks/e.png", two);
    const samples = await openMaskFolder({ format: "mask-folder", path: "." }, howIn(root));
    expect([samples.id(0), samples.id(1), samples.length]).toEqual(["images/a.jpg", "images/b.jpg", 2]);
    expect([...samples.labels()!]).toEqual([0.75, 0.25, NaN, NaN]);
    expect((await read(samples, 1)).every((k) => k === IGNORED)).toBe(true);
    expect(samples.skipped.map(({ file }) => file)).toEqual(["images/c.jpg", "images/d.jpg"]);
    expect(samples.skipped[1]!.why).toContain("2×4 pixels, and its image 4×4");
    expect(samples.notes!.join()).toContain("1 images have no mask");
    samples.dispose();
    await expectCode(
      openMaskFolder({ format: "mask-folder", path: "masks" }, howIn(root)),
      "REG_DATA_EMPTY",
      "images/ and masks/",
    );
  });

  it("mask and image are cut alike, whatever the fit", async () => {
    const root = await tempFolder();
    const [h, w] = [24, 40];
    const levels = Uint8Array.from(
      { length: h * w },
      (_, at) => (Math.floor((at % w) / 8) + Math.floor(at / w / 8)) % 2,
    );
    await write(
      root,
      "images/a.png",
      await sharp(
        levels.map((k) => 200 * k),
        { raw: { width: w, height: h, channels: 1 } },
      )
        .png()
        .toBuffer(),
    );
    await write(
      root,
      "masks/a.png",
      await sharp(levels, { raw: { width: w, height: h, channels: 1 } })
        .png()
        .toBuffer(),
    );
    for (const fit of ["cover", "stretch", "contain"] as const) {
      const samples = await openMaskFolder(
        { format: "mask-folder", path: "." },
        howIn(root, { fit, size: { h: 48, w: 48 } }),
      );
      const { images, masks } = await samples.read([0]);
      const c = samples.format.c;
      const sharpPixels = [...masks!.keys()].filter(
        (at) => [0, 200].includes(images[at * c]!) && masks![at] !== IGNORED,
      );
      expect(sharpPixels.length).toBeGreaterThan(800);
      for (const at of sharpPixels) expect(masks![at]).toBe(images[at * c]! / 200);
      expect(masks!.includes(IGNORED)).toBe(fit === "contain");
      samples.dispose();
    }
  });

  it("a folder that has masks/ tells its splits and its task", async () => {
    const root = await tempFolder();
    for (const split of ["train", "test"]) {
      await plain(root, `flat/${split}/images/1.png`, GREY);
      await plain(root, `flat/${split}/masks/1.png`, GREY);
      await plain(root, `deep/images/${split}/1.png`, GREY);
      await plain(root, `deep/masks/${split}/1.png`, GREY);
    }
    await plain(root, "flat/unlabeled/2.png", GREY);
    const format = "mask-folder";
    expect(await findSplits("flat", root)).toEqual({
      task: "semantic_segmentation",
      train: { format, path: "flat/train" },
      test: { format, path: "flat/test" },
      unlabeled: { format: "image-folder", path: "flat/unlabeled", labels: false },
    });
    expect(await findSplits("deep", root)).toEqual({
      task: "semantic_segmentation",
      train: { format, path: "deep", images: "images/train", masks: "masks/train" },
      test: { format, path: "deep", images: "images/test", masks: "masks/test" },
    });
    expect((await findSplits("flat/train", root)).train).toEqual({ format, path: "flat/train" });
  });
});
