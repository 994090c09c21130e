import { rm, symlink } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { imageFolder } from "../src/index.ts";
import { openImageFolder } from "../src/image-folder.ts";
import { all, expectCode, howIn, noise, plain, png, tempFolder, write } from "./helpers.ts";

const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;

describe("image-folder", () => {
  let root: string;
  beforeAll(async () => {
    root = await tempFolder();
    await plain(root, "pets/cat/img2.png", RED);
    await plain(root, "pets/cat/img10.png", BLUE);
    await plain(root, "pets/dog/deep/er/a.webp", BLUE);
    await plain(root, "pets/dog/b.JPG", RED);
    await plain(root, "pets/loose.png", RED);
    await plain(root, "pets/unlabeled/u.png", BLUE);
    await plain(root, "pets/.hidden/x.png", RED);
    await plain(root, "pets/__MACOSX/x.png", RED);
    await write(root, "pets/cat/Thumbs.db", "not an image");
    await write(root, "pets/cat/.DS_Store", "");
    await write(root, "pets/cat/notes.txt", "about cats");
  });

  it("reads class folders in natural order, and the rest as unlabelled", async () => {
    const pets = await imageFolder("pets", { base: root });
    expect(pets.classes).toEqual(["cat", "dog"]);
    expect(all(pets).map((row) => pets.id(row))).toEqual([
      "pets/cat/img2.png",
      "pets/cat/img10.png",
      "pets/dog/b.JPG",
      "pets/dog/deep/er/a.webp",
      "pets/loose.png",
      "pets/unlabeled/u.png",
    ]);
    expect(pets.format).toEqual({ h: 8, w: 8, c: 3, range: [0, 255] });
    expect(pets.resize).toEqual({ fit: "cover", interpolation: "bilinear-antialias" });
    expect([...pets.labels()!]).toEqual([1, 0, 1, 0, 0, 1, 0, 1, NaN, NaN, NaN, NaN]);
    expect(pets.skipped).toEqual([]);
    const { images } = await pets.read([1, 0]);
    expect([...images.subarray(0, 3)]).toEqual([...BLUE]);
    expect([...images.subarray(192, 195)]).toEqual([...RED]);
    pets.dispose();
  });

  it("takes only the rows with, or without, a label; or no label at all", async () => {
    const labelled = await imageFolder("pets", { base: root, only: "labelled" });
    expect(labelled.length).toBe(4);
    const rest = await imageFolder("pets", { base: root, only: "unlabelled" });
    expect(all(rest).map((row) => rest.id(row))).toEqual(["pets/loose.png", "pets/unlabeled/u.png"]);
    expect(rest.labels()).toBeUndefined();
    const blind = await imageFolder("pets", { base: root, labels: false, classes: ["x", "y"] });
    expect([blind.length, blind.labels(), blind.classes]).toEqual([6, undefined, ["x", "y"]]);
    for (const samples of [labelled, rest, blind]) samples.dispose();
  });

  it("takes several paths, files among them", async () => {
    const both = await imageFolder(["pets/cat", "pets/dog/b.JPG"], { base: root });
    expect(all(both).map((row) => both.id(row))).toEqual(["pets/cat/img2.png", "pets/cat/img10.png", "pets/dog/b.JPG"]);
    expect(both.labels()).toBeUndefined();
    both.dispose();
  });

  it("limits in turns over the classes, unlabelled last, and keeps the order", async () => {
    const folder = await tempFolder();
    for (const name of ["a/1", "a/2", "a/3", "b/1", "c/1", "c/2"]) await plain(folder, `${name}.png`, RED);
    await plain(folder, "loose.png", BLUE);
    const ids = async (limit: number) => {
      const samples = await imageFolder(".", { base: folder, limit });
      samples.dispose();
      return all(samples).map((row) => samples.id(row));
    };
    expect(await ids(2)).toEqual(["a/1.png", "b/1.png"]);
    expect(await ids(5)).toEqual(["a/1.png", "a/2.png", "b/1.png", "c/1.png", "c/2.png"]);
    expect(await ids(7)).toHaveLength(7);
    expect((await ids(7)).at(-1)).toBe("loose.png");
  });

  it("applies EXIF orientation before it looks at sizes", async () => {
    const folder = await tempFolder();
    // Left half black, right half white; orientation 6 says: turn a quarter clockwise to look at it.
    const data = Uint8Array.from({ length: 16 * 8 * 3 }, (_, i) => (Math.floor(i / 3) % 16 < 8 ? 0 : 255));
    const jpeg = await sharp(data, { raw: { width: 16, height: 8, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    await write(folder, "a/turned.jpg", jpeg);
    await plain(folder, "b/upright.jpg", RED, { h: 16, w: 8 });
    const samples = await imageFolder(folder);
    expect(samples.format).toMatchObject({ h: 16, w: 8 });
    const images = Array.from((await samples.read([0])).images);
    const rowMean = (y: number) => images.slice(y * 24, (y + 1) * 24).reduce((sum, value) => sum + value, 0) / 24;
    expect(rowMean(0)).toBeLessThan(5); // the left side is on top now
    expect(rowMean(15)).toBeGreaterThan(250);
    samples.dispose();
  });

  it("decides grey or colour by the files, unless told", async () => {
    const folder = await tempFolder();
    await png(folder, "a/1.png", noise(64, 1), 8, 8, 1);
    await png(folder, "b/1.png", noise(64, 2), 8, 8, 1);
    const grey = await imageFolder(folder);
    expect(grey.format.c).toBe(1);
    expect((await grey.read([0])).images).toEqual(noise(64, 1));
    const colour = await imageFolder(folder, { channels: 3 });
    expect([...(await colour.read([0])).images.subarray(0, 3)]).toEqual(Array(3).fill(noise(64, 1)[0]));
    await plain(folder, "b/2.png", RED);
    const mixed = await imageFolder(folder);
    expect(mixed.format.c).toBe(3);
    const forced = await imageFolder(folder, { channels: 1 });
    expect((await forced.read([2])).images[0]).toBe(76);
    for (const samples of [grey, colour, mixed, forced]) samples.dispose();
  });

  it("lays transparent pixels on black, and reads 16 bits as 8", async () => {
    const folder = await tempFolder();
    await png(folder, "a/1.png", Uint8Array.of(255, 255, 255, 0, 200, 100, 50, 255), 1, 2, 4);
    const deep = sharp(Uint16Array.of(65535, 0, 0, 32896, 0, 65535), { raw: { width: 2, height: 1, channels: 3 } });
    await write(folder, "b/1.png", await deep.toColourspace("rgb16").png().toBuffer());
    const samples = await imageFolder(folder);
    expect([...(await samples.read([0])).images]).toEqual([0, 0, 0, 200, 100, 50]);
    expect([...(await samples.read([1])).images]).toEqual([255, 0, 0, 128, 0, 255]);
    samples.dispose();
  });

  it("reads GIF, TIFF and AVIF too", async () => {
    const folder = await tempFolder();
    const image = () => sharp({ create: { width: 8, height: 8, channels: 3, background: "#00f" } });
    await write(folder, "a/1.gif", await image().gif().toBuffer());
    await write(folder, "a/2.tiff", await image().tiff().toBuffer());
    await write(folder, "b/3.avif", await image().avif({ lossless: true }).toBuffer());
    const samples = await imageFolder(folder);
    expect(samples.skipped).toEqual([]);
    const { images } = await samples.read([0, 1, 2]);
    for (const row of [0, 1, 2]) expect(images[row * 192 + 2]).toBeGreaterThan(250);
    samples.dispose();
  });

  it("resizes by one rule whatever the format, and says so", async () => {
    const folder = await tempFolder();
    const data = noise(20 * 30 * 3, 5);
    await png(folder, "a/1.png", data, 20, 30, 3);
    const lossless = sharp(data, { raw: { width: 30, height: 20, channels: 3 } }).webp({ lossless: true });
    await write(folder, "b/1.webp", await lossless.toBuffer());
    const samples = await imageFolder(folder, { size: 8 });
    const [one, other] = [await samples.read([0]), await samples.read([1])];
    expect(one.images).toEqual(other.images);
    expect(samples.about.notes).toEqual([]);
    expect(samples.about.sizes).toEqual([{ h: 20, w: 30, images: 2 }]);
    samples.dispose();
  });

  it("shrinks large photographs in the decoder without moving them", async () => {
    const folder = await tempFolder();
    // Left third red, the rest blue, 600 × 900 to 16 × 24: the border stays where it was.
    const data = Uint8Array.from(
      { length: 600 * 900 * 3 },
      (_, i) => (Math.floor(i / 3) % 900 < 300 ? RED : BLUE)[i % 3]!,
    );
    await png(folder, "a/1.png", data, 600, 900, 3);
    await png(folder, "b/1.png", data, 600, 900, 3);
    const samples = await imageFolder(folder, { size: { h: 16, w: 24 } });
    const { images } = await samples.read([0]);
    const reds = Array.from({ length: 24 }, (_, x) => images[(8 * 24 + x) * 3]!);
    expect(reds.slice(0, 7).every((value) => value > 250)).toBe(true);
    expect(reds.slice(9).every((value) => value < 5)).toBe(true);
    samples.dispose();
  });

  it("skips what cannot be read, with a reason, and goes on", async () => {
    const folder = await tempFolder();
    await plain(folder, "a/1.png", RED);
    await plain(folder, "b/1.png", BLUE);
    await write(folder, "a/broken.png", "this is text");
    const whole = await sharp(noise(64 * 64 * 3, 1), { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    await write(folder, "a/cut.jpg", whole.subarray(0, whole.length / 2));
    await write(folder, "b/empty.jpg", "");
    await write(
      folder,
      "b/phone.jpg",
      Buffer.concat([Buffer.of(0, 0, 0, 24), Buffer.from("ftypheic"), Buffer.alloc(40)]),
    );
    await write(
      folder,
      "b/phone.heic",
      Buffer.concat([Buffer.of(0, 0, 0, 24), Buffer.from("ftypmif1"), Buffer.alloc(40)]),
    );
    // A damaged header: 16,777,224 pixels wide.
    const wide = await sharp(noise(8 * 8 * 3, 1), { raw: { width: 8, height: 8, channels: 3 } })
      .png()
      .toBuffer();
    wide.writeUInt32BE(2 ** 24 + 8, 16);
    wide.writeUInt32BE(crc32(wide.subarray(12, 29)), 29);
    await write(folder, "b/wide.png", wide);
    const samples = await imageFolder(".", { base: folder, size: 8 });
    expect(all(samples).map((row) => samples.id(row))).toEqual(["a/1.png", "b/1.png"]);
    expect([...samples.labels()!]).toEqual([1, 0, 0, 1]);
    expect([...(await samples.read([1])).images.subarray(0, 3)]).toEqual([...BLUE]);
    const why = Object.fromEntries(samples.skipped.map(({ file, why: reason }) => [file, reason]));
    expect(Object.keys(why)).toEqual([
      "a/broken.png",
      "a/cut.jpg",
      "b/empty.jpg",
      "b/phone.heic",
      "b/phone.jpg",
      "b/wide.png",
    ]);
    expect(why["a/broken.png"]).toContain("not an image that can be read");
    expect(why["a/cut.jpg"]).toContain("cannot be decoded");
    expect(why["b/empty.jpg"]).toContain("empty");
    expect(why["b/phone.heic"]).toContain("convert it to JPEG or PNG");
    expect(why["b/phone.jpg"]).toContain("HEIC");
    expect(why["b/wide.png"]).toContain("its header says 16777224 × 8 pixels");
    samples.dispose();
  });

  it("shows the new pixels of a file that was written again", async () => {
    const folder = await tempFolder();
    await plain(folder, "b/1.png", BLUE);
    for (const colour of [RED, BLUE]) {
      await plain(folder, "a/1.png", colour);
      const samples = await imageFolder(folder);
      expect([...(await samples.read([0])).images.subarray(0, 3)]).toEqual([...colour]);
      samples.dispose();
    }
  });

  it("is deterministic, and safe to read many times at once", async () => {
    const folder = await tempFolder();
    for (let i = 0; i < 12; i++) await png(folder, `${i % 2 ? "a" : "b"}/${i}.png`, noise(300, i), 10, 10, 3);
    const [one, two] = [await imageFolder(folder, { size: 6 }), await imageFolder(folder, { size: 6 })];
    const whole = (await one.read(all(one))).images;
    expect((await two.read(all(two))).images).toEqual(whole);
    const parts = await Promise.all(all(one).map((row) => one.read([row])));
    parts.forEach(({ images }, row) => expect(images).toEqual(whole.subarray(row * 108, (row + 1) * 108)));
    one.dispose();
    two.dispose();
  });

  it("reads the same from the file as from memory", async () => {
    const [memory, file] = [
      await openImageFolder({ format: "image-folder", path: "pets" }, howIn(root)),
      await openImageFolder({ format: "image-folder", path: "pets" }, howIn(root), 200),
    ];
    const rows = [5, 0, 3, 3, 1];
    expect((await file.read(rows)).images).toEqual((await memory.read(rows)).images);
    memory.dispose();
    file.dispose();
  });

  it("says how far it is", async () => {
    const seen: [number, number][] = [];
    const samples = await imageFolder("pets", { base: root, onProgress: (done, of) => seen.push([done, of]) });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((done) => [done, 6]));
    samples.dispose();
  });

  it("composes class names (NFC), so that systems agree", async () => {
    const folder = await tempFolder();
    await plain(folder, "Cafe\u0301/1.png", RED);
    await plain(folder, "Tee/1.png", BLUE);
    const samples = await imageFolder(folder);
    expect(samples.classes).toEqual(["Caf\u00e9", "Tee"]);
    samples.dispose();
  });

  it("follows links, but not in circles", async () => {
    const folder = await tempFolder();
    await plain(folder, "real/cat/1.png", RED);
    await plain(folder, "data/dog/1.png", BLUE);
    // Junctions need no right on Windows; other systems ignore the kind.
    await symlink(join(folder, "real/cat"), join(folder, "data/cat"), "junction");
    await symlink(join(folder, "data/dog"), join(folder, "data/dog/again"), "junction");
    const samples = await imageFolder("data", { base: folder });
    expect(samples.classes).toEqual(["cat", "dog"]);
    expect(samples.length).toBe(2);
    samples.dispose();
  });

  describe("errors", () => {
    it("REG_DATA_PATH for a path that is not there", async () => {
      await expectCode(imageFolder("nowhere", { base: root }), "REG_DATA_PATH", "nowhere", "does not exist");
    });
    it("REG_DATA_EMPTY where there is no image, or none that can be read", async () => {
      const folder = await tempFolder();
      await write(folder, "a/x.txt", "");
      await expectCode(imageFolder(folder), "REG_DATA_EMPTY", "no image", ".txt");
      await write(folder, "a/x.png", "");
      await expectCode(imageFolder(folder, { labels: false }), "REG_DATA_EMPTY", "none of the 1 images", "x.png");
      await rm(join(folder, "a"), { recursive: true });
      await plain(folder, "loose.png", RED);
      await expectCode(
        imageFolder(folder, { only: "labelled" }),
        "REG_DATA_EMPTY",
        "no labelled image",
        "1 images that are in no class folder",
      );
    });
    it("REG_DATA_ONE_CLASS for one class folder, unless the classes are given", async () => {
      const folder = await tempFolder();
      await plain(folder, "cat/1.png", RED);
      await expectCode(imageFolder(folder), "REG_DATA_ONE_CLASS", '"cat"', "labels: false");
      const samples = await imageFolder(folder, { classes: ["ant", "cat"] });
      expect([...samples.labels()!]).toEqual([0, 1]);
      samples.dispose();
    });
    it("REG_DATA_LABEL for a folder that is no known class", async () => {
      await expectCode(
        imageFolder("pets", { base: root, classes: ["cat", "dig"] }),
        "REG_DATA_LABEL",
        "pets/dog/b.JPG",
        '"dog"',
        '"cat", "dig"',
        'did you mean "dig"',
      );
    });
    it("REG_CONFIG_INVALID for options that it does not know", async () => {
      const open = (spec: object) => openImageFolder({ format: "image-folder", path: "pets", ...spec }, howIn(root));
      await expectCode(open({ limt: 3 }), "REG_CONFIG_INVALID", '"limt"', 'did you mean "limit"');
      await expectCode(open({ limit: 0 }), "REG_CONFIG_INVALID", "limit: 0", "above 0");
      await expectCode(open({ only: "some" }), "REG_CONFIG_INVALID", "labelled");
      await expectCode(open({ labels: "x" }), "REG_CONFIG_INVALID", "labels");
      await expectCode(open({ path: [] }), "REG_CONFIG_INVALID", "path");
    });
    it("REG_USAGE for a row that is not there", async () => {
      const pets = await imageFolder("pets", { base: root });
      await expectCode(pets.read([6]), "REG_USAGE", "row 6", "0 to 5");
      pets.dispose();
      await expectCode(pets.read([0]), "REG_USAGE", "dispose");
    });
  });

  it("leaves empty class folders out, and says so", async () => {
    const folder = await tempFolder();
    await plain(folder, "a/1.png", RED);
    await plain(folder, "b/1.png", RED);
    await write(folder, "c/.keep", "");
    const samples = await imageFolder(folder);
    expect(samples.classes).toEqual(["a", "b"]);
    expect(samples.about.notes).toEqual(['the folder "c" holds no image and is not a class']);
    samples.dispose();
  });

  it("says so where one class has folders of its own and another has none", async () => {
    const folder = await tempFolder();
    for (const name of ["photos/cat/1", "photos/dog/1", "more/1"]) await plain(folder, `${name}.png`, RED);
    const samples = await imageFolder(".", { base: folder });
    expect(samples.classes).toEqual(["more", "photos"]);
    expect(samples.about.notes).toEqual([
      'all images of "photos" lie in 2 folders of their own, such as "cat"; if those are the classes, name photos as the data',
    ]);
    samples.dispose();
    const other = await imageFolder("photos", { base: folder });
    expect(other.about.notes ?? []).toEqual([]);
    other.dispose();
    await plain(folder, "more/a/1.png", RED);
    await plain(folder, "more/b/1.png", RED);
    const { about, dispose } = await imageFolder(".", { base: folder });
    expect(about.notes).toHaveLength(1); // there are images in "more" itself
    dispose();
  });
});
