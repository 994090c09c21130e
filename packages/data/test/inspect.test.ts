import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { fromArrays, imageFolder, inspect } from "../src/index.ts";
import { bits, lookOf } from "../src/perceptual.ts";
import { noise, plain, png, tempFolder, write } from "./helpers.ts";

/** A smooth scene that differs from seed to seed, [size, size, 3]: what photographs are like, where noise is not. */
function scene(size: number, seed: number): Uint8Array {
  const random = noise(60, seed);
  return Uint8Array.from({ length: size * size * 3 }, (_, i) => {
    const c = i % 3;
    const x = (Math.floor(i / 3) % size) / size;
    const y = Math.floor(i / 3 / size) / size;
    let value = 128;
    for (let k = 0; k < 5; k++) {
      const [a, b, phase, high] = [0, 1, 2, 3].map((j) => random[12 * k + 3 * j + c]! / 255) as [
        number,
        number,
        number,
        number,
      ];
      value += 50 * (high - 0.5) * Math.sin(2 * Math.PI * (3 * a * x + 3 * b * y + phase));
    }
    return Math.min(255, Math.max(0, value));
  });
}

describe("inspect", () => {
  it("counts an image for each class that it shows, in masks, among objects and among several labels", async () => {
    const shape = { h: 8, w: 8, c: 3, classes: ["ground", "thing", "rare"] };
    const three = await fromArrays(noise(3 * 192, 5), ["ground", "ground", "ground"], shape);
    // Shares of pixels: a whole, of which the largest is not all.
    const shares = Float32Array.of(0.9, 0.1, 0, 1, 0, 0, 0.5, 0.3, 0.2);
    const drawn = {
      ...three,
      labels: () => shares,
      read: async (rows: ArrayLike<number>) => ({
        ...(await three.read(rows)),
        masks: new Int32Array(rows.length * 64),
      }),
    };
    // Nothing, one, two.
    const objects = { ...three, labels: () => Float32Array.of(0, 0, 0, 0, 1, 0, 0, 1, 1) };
    // One class, and how sure somebody is of it.
    const soft = { ...three, labels: () => shares };
    const counts = async (data: Parameters<typeof inspect>[0]) =>
      (await inspect(data)).classes.map(({ images, share }) => [images, Number(share.toFixed(2))]);
    expect(await counts(drawn)).toEqual([[3, 1], [2, 0.67], [1, 0.33]]); // prettier-ignore
    expect(await counts(objects)).toEqual([[0, 0], [2, 0.67], [1, 0.33]]); // prettier-ignore
    expect(await counts(soft)).toEqual([[3, 1], [0, 0], [0, 0]]); // prettier-ignore
    expect((await inspect(objects)).splits[0]).toMatchObject({ labelled: 3, unlabelled: 0 });
  });

  it("counts, and finds copies within and between splits", async () => {
    const size = 16;
    const pixels = (seeds: readonly number[]) => Uint8Array.from(seeds.flatMap((seed) => [...scene(size, seed)]));
    const shape = { h: size, w: size, c: 3, classes: ["a", "b"] };
    const train = await fromArrays(pixels([1, 2, 3, 1, 2]), ["a", "a", "b", "a", "b"], { ...shape, name: "t" });
    const test = await fromArrays(pixels([3, 4, 4]), ["b", "a", "a"], { ...shape, name: "s" });
    const more = await fromArrays(pixels([9]), undefined, { ...shape, name: "u" });
    const found = await inspect(train, { test, unlabeled: more });
    expect(found.images).toBe(9);
    expect(
      found.splits.map(({ name, source, images, labelled, unlabelled }) => [
        name,
        source,
        images,
        labelled,
        unlabelled,
      ]),
    ).toEqual([
      ["train", "t", 5, 5, 0],
      ["test", "s", 3, 3, 0],
      ["unlabeled", "u", 1, 0, 1],
    ]);
    expect(found.classes.map(({ name, images, splits }) => [name, images, splits])).toEqual([
      ["a", 5, { train: 3, test: 2, unlabeled: 0 }],
      ["b", 3, { train: 2, test: 1, unlabeled: 0 }],
    ]);
    expect(found.balance).toEqual({ largest: "a", smallest: "b", ratio: 1.5 });
    expect(found.duplicates).toMatchObject({
      within: 3, // train 1 and 2 again, test 4 again
      across: 1, // 3
      conflicting: 1, // 2 is a, then b
      pairs: [
        { split: "train", in: "train", images: 2 },
        { split: "test", in: "train", images: 1 },
        { split: "test", in: "test", images: 1 },
      ],
    });
    expect(found.duplicates.examples[0]).toEqual({
      images: [
        { split: "train", id: "t#2", class: "b" },
        { split: "test", id: "s#0", class: "b" },
      ],
    });
    expect(found.duplicates.examples[1]!.images.map(({ id }) => id)).toEqual(["t#1", "t#4"]);
    expect(found.notes.join("\n")).toMatch(/1 image of test also stands in train/);
    expect(found.notes.join("\n")).toMatch(/1 copy has another label/);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    for (const samples of [train, test, more]) samples.dispose();
  });

  it("finds images that were resized, compressed again or brightened, and no others", async () => {
    const folder = await tempFolder();
    const size = 64;
    for (let seed = 0; seed < 120; seed++)
      await png(folder, `train/${seed % 2 ? "a" : "b"}/${seed}.png`, scene(size, seed), size, size, 3);
    const original = sharp(scene(size, 7), { raw: { width: size, height: size, channels: 3 } });
    await write(folder, "test/a/jpeg.jpg", await original.clone().jpeg({ quality: 40 }).toBuffer());
    await write(folder, "test/a/small.png", await original.clone().resize(40, 40).png().toBuffer());
    await write(folder, "test/a/light.png", await original.clone().linear(1.1, 6).png().toBuffer());
    await png(folder, "test/b/new.png", scene(size, 1000), size, size, 3);
    const found = await inspect(folder);
    expect(found.duplicates).toMatchObject({ within: 0, across: 0 });
    expect(found.nearDuplicates.pairs).toContainEqual({ split: "test", in: "train", images: 3 });
    for (const { images } of found.nearDuplicates.examples.slice(0, 3))
      expect(images[0]!.id).toMatch(/train\/a\/7\.png$/);
    expect(found.nearDuplicates.pairs.filter(({ split }) => split === "train")).toEqual([]);
    expect(found.notes.join("\n")).toMatch(/3 images of test look like/);
  });

  it("opens a folder with its splits, and lists what cannot be read", async () => {
    const folder = await tempFolder();
    for (const [i, name] of ["train/a/1", "train/a/2", "train/b/1", "val/b/1"].entries())
      await plain(folder, `${name}.png`, [60 * i, 0, 0]);
    await write(folder, "train/a/bad.png", "no image");
    const found = await inspect(folder);
    expect(
      found.splits.map(({ name, images, unreadable, sizesFound }) => [name, images, unreadable, sizesFound]),
    ).toEqual([
      ["train", 3, 1, 1],
      ["validation", 1, 0, 1],
    ]);
    expect(found.unreadable).toEqual([
      {
        split: "train",
        file: expect.stringMatching(/train\/a\/bad\.png$/) as string,
        why: expect.stringContaining("not an image") as string,
      },
    ]);
    expect(found.notes.some((note) => note.startsWith("2 classes have fewer than 20 images"))).toBe(true);
  });

  it("measures brightness in the range of the data", async () => {
    const grey = await fromArrays(Float32Array.of(-1, -1, 1, 0), [0, 1], { h: 1, w: 2, c: 1, range: [-1, 1] });
    const { classes } = await inspect(grey);
    expect(classes.map(({ brightness }) => brightness)).toEqual([0, 0.75]);
    grey.dispose();
  });

  it("gives nulls where nothing applies", async () => {
    const blank = await fromArrays(noise(12, 1), undefined, { h: 2, w: 2, c: 3 });
    expect(await inspect(blank)).toMatchObject({
      classes: [],
      balance: null,
      unreadable: [],
      splits: [{ labelled: 0, unlabelled: 1 }],
    });
    blank.dispose();
    const folder = await tempFolder();
    await plain(folder, "a/1.png", [1, 1, 1]);
    const samples = await imageFolder(folder, { classes: ["a", "b"] });
    const { classes, balance } = await inspect(samples, {}, { name: "mine" });
    expect(classes[1]).toEqual({ name: "b", images: 0, share: 0, splits: { mine: 0 }, brightness: null });
    expect(balance).toEqual({ largest: "a", smallest: "b", ratio: null });
    samples.dispose();
  });
});

describe("the perceptual hash", () => {
  it("counts bits", () => {
    for (const word of [0, 1, 0xffffffff, 0x80000000, 0xf0f0f0f0, 123456789]) {
      expect(bits(word)).toBe([...word.toString(2)].filter((digit) => digit === "1").length);
    }
  });
  it("hardly moves when an image is scaled, and does when it is another", () => {
    const format = (size: number) => ({ h: size, w: size, c: 3, range: [0, 255] as const });
    const distance = (a: Uint8Array, sizeA: number, b: Uint8Array, sizeB: number) => {
      const [x, y] = [lookOf(a, format(sizeA)).hash, lookOf(b, format(sizeB)).hash];
      return bits(x[0] ^ y[0]) + bits(x[1] ^ y[1]);
    };
    expect(distance(scene(64, 5), 64, scene(48, 5), 48)).toBeLessThanOrEqual(6);
    expect(distance(scene(64, 5), 64, scene(64, 6), 64)).toBeGreaterThan(16);
  });
});
