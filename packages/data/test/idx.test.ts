import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { idxFiles } from "../src/index.ts";
import { openIdx } from "../src/idx.ts";
import { all, expectCode, howIn, idx, noise, tempFolder, write } from "./helpers.ts";

const DEMO = fileURLToPath(new URL("../../../examples/fashion-mnist", import.meta.url));
const PIXELS = noise(5 * 4 * 3, 1);
const LABELS = Uint8Array.of(2, 0, 1, 1, 2);

async function pair(options: { gzip?: boolean; labels?: Uint8Array; ending?: string } = {}): Promise<string> {
  const folder = await tempFolder();
  const end = options.ending ?? (options.gzip ? ".gz" : "");
  await write(folder, `train-images-idx3-ubyte${end}`, idx([5, 4, 3], PIXELS, options));
  const labels = options.labels ?? LABELS;
  await write(folder, `train-labels-idx1-ubyte${end}`, idx([labels.length], labels, options));
  return folder;
}

describe("idx", () => {
  it.each([
    { name: "plain", gzip: false },
    { name: "gzip", gzip: true },
    { name: "gzip without its ending", gzip: true, ending: "" },
  ])("reads images and labels: $name", async (options) => {
    const folder = await pair(options);
    const samples = await idxFiles(".", { base: folder });
    expect(samples.format).toEqual({ h: 4, w: 3, c: 1, range: [0, 255] });
    expect(samples.classes).toEqual(["0", "1", "2"]);
    expect([...samples.labels()!]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1]);
    expect((await samples.read([4, 0])).images).toEqual(
      Uint8Array.of(...PIXELS.subarray(48, 60), ...PIXELS.subarray(0, 12)),
    );
    expect(samples.id(3)).toMatch(/^train-images-idx3-ubyte(\.gz)?#3$/);
    samples.dispose();
  });

  it("takes the files by name, and labels by option", async () => {
    const folder = await pair();
    await write(folder, "other", idx([5], Uint8Array.of(1, 1, 0, 0, 0)));
    const usual = await idxFiles("train-images-idx3-ubyte", { base: folder });
    const other = await idxFiles("train-images-idx3-ubyte", { base: folder, labels: "other" });
    const none = await idxFiles("train-images-idx3-ubyte", { base: folder, labels: false });
    expect([usual.labels()!.length, other.labels()!.length, none.labels()]).toEqual([15, 10, undefined]);
    for (const samples of [usual, other, none]) samples.dispose();
  });

  it("finds splits in a folder, and needs to be told when there are several", async () => {
    const folder = await pair();
    await write(folder, "t10k-images.idx3-ubyte", idx([2, 4, 3], PIXELS.subarray(0, 24)));
    await write(folder, "t10k-labels.idx1-ubyte", idx([2], Uint8Array.of(0, 2)));
    const test = await idxFiles(folder, { split: "test" });
    expect(test.length).toBe(2);
    test.dispose();
    await expectCode(idxFiles(folder), "REG_DATA_PATH", "say split: train");
    await expectCode(idxFiles(folder, { split: "validation" }), "REG_DATA_PATH", "validation-images-idx3-ubyte.gz");
    await expectCode(
      openIdx({ format: "idx", path: folder, split: "tset" }, howIn(folder)),
      "REG_CONFIG_INVALID",
      "tset",
      '"train"',
    );
  });

  it("names classes by option, by classes.txt, by the training split's", async () => {
    const folder = await pair();
    const option = await idxFiles(folder, { names: ["shoe", "bag", "hat"] });
    expect(option.classes).toEqual(["shoe", "bag", "hat"]); // in the order of their numbers
    await write(folder, "classes.txt", "\uFEFFT-shirt/top\r\nTrouser\r\nBag\r\n\r\n");
    const file = await idxFiles(folder);
    expect(file.classes).toEqual(["T-shirt/top", "Trouser", "Bag"]);
    const moved = await idxFiles(folder, { classes: ["Bag", "Trouser", "T-shirt/top"] });
    expect([...moved.labels()!.subarray(0, 6)]).toEqual([1, 0, 0, 0, 0, 1]); // 2 is Bag, 0 is T-shirt/top
    for (const samples of [option, file, moved]) samples.dispose();
    await expectCode(idxFiles(folder, { classes: ["Bag", "T-shirt/top"] }), "REG_DATA_LABEL", "#2", '"Trouser"');
  });

  it("reads four dimensions as colour, several files, and a limit", async () => {
    const folder = await tempFolder();
    for (const name of ["a", "b"]) {
      await write(folder, `${name}-images-idx4-ubyte`, idx([2, 2, 2, 3], noise(24, name.length)));
      await write(folder, `${name}-labels-idx1-ubyte`, idx([2], Uint8Array.of(0, 1)));
    }
    const paths = ["a-images-idx4-ubyte", "b-images-idx4-ubyte"];
    const samples = await idxFiles(paths, { base: folder, limit: 3 });
    expect(samples.format).toMatchObject({ h: 2, w: 2, c: 3 });
    expect(all(samples).map((row) => samples.id(row))).toEqual([
      "a-images-idx4-ubyte#0",
      "a-images-idx4-ubyte#1",
      "b-images-idx4-ubyte#0",
    ]);
    samples.dispose();
  });

  it("resizes and recolours where asked", async () => {
    const folder = await pair();
    const samples = await idxFiles(folder, { size: { h: 2, w: 2 }, channels: 3 });
    expect(samples.format).toMatchObject({ h: 2, w: 2, c: 3 });
    const { images } = await samples.read([0]);
    expect(images[0]).toBe(images[2]);
    expect(samples.about.notes).toEqual([]);
    samples.dispose();
  });

  it("reads the same beyond the memory limit", async () => {
    const folder = await pair();
    const small = await openIdx({ format: "idx", path: folder }, howIn(folder), 25);
    expect((await small.read([0, 1, 2, 3, 4])).images).toEqual(PIXELS);
    small.dispose();
  });

  it("fails with codes", async () => {
    const folder = await tempFolder();
    const images = idx([5, 4, 3], PIXELS);
    const labels = idx([5], LABELS);
    const open = async (image: Uint8Array, label: Uint8Array) => {
      await write(folder, "x-images-idx3-ubyte", image);
      await write(folder, "x-labels-idx1-ubyte", label);
      return idxFiles("x-images-idx3-ubyte", { base: folder });
    };
    await expectCode(open(images.subarray(0, 40), labels), "REG_DATA_TRUNCATED", "40 bytes", "expected 76");
    await expectCode(open(images.subarray(0, 3), labels), "REG_DATA_TRUNCATED", "3 bytes");
    await expectCode(open(images, labels.subarray(0, 10)), "REG_DATA_TRUNCATED", "10 bytes", "expected 13");
    const packed = idx([5, 4, 3], PIXELS, { gzip: true });
    await expectCode(open(packed.subarray(0, packed.length - 20), labels), "REG_DATA_TRUNCATED", "expected 76");
    const spoiled = Uint8Array.from(packed);
    spoiled.fill(0xff, 20, 40);
    await expectCode(open(spoiled, labels), "REG_DATA_UNREADABLE", "download it again");
    await expectCode(open(idx([5], LABELS), labels), "REG_DATA_UNREADABLE", "0x00000801", "0x00000803");
    await expectCode(open(images, images), "REG_DATA_UNREADABLE", "0x00000801 (labels");
    await expectCode(
      open(idx([5, 4, 3], PIXELS, { magic: [0, 0, 13, 3] }), labels),
      "REG_DATA_UNREADABLE",
      "0x00000d03",
    );
    await expectCode(open(idx([0, 4, 3], new Uint8Array()), idx([0], new Uint8Array())), "REG_DATA_EMPTY", "no image");
    await expectCode(open(idx([5, 0, 3], new Uint8Array()), labels), "REG_DATA_UNREADABLE", "0×3");
    await expectCode(open(images, idx([4], LABELS.subarray(0, 4))), "REG_DATA_MISMATCH", "5 images", "4 labels");
    await expectCode(open(images, idx([5], new Uint8Array(5).fill(1))), "REG_DATA_ONE_CLASS", '"1"');
    await write(folder, "classes.txt", "a\nb\n");
    await expectCode(open(images, labels), "REG_DATA_LABEL", "x-images-idx3-ubyte#0", "label 2", "0 to 1");
    await expectCode(idxFiles("nothing", { base: folder }), "REG_DATA_PATH", "does not exist");
    await write(folder, "y-images-idx3-ubyte", images);
    await expectCode(
      idxFiles("y-images-idx3-ubyte", { base: folder }),
      "REG_DATA_PATH",
      "y-labels-idx1-ubyte",
      "labels: false",
    );
    await expectCode(
      openIdx({ format: "idx", path: "y-images-idx3-ubyte", labels: 5 }, howIn(folder)),
      "REG_CONFIG_INVALID",
      "labels: 5",
    );
    await expectCode(
      openIdx({ format: "idx", path: "x-images-idx3-ubyte", classes: 5 }, howIn(folder)),
      "REG_CONFIG_INVALID",
      "classes: 5",
    );
  });

  it.runIf(existsSync(DEMO))("reads the demo: part of Fashion-MNIST with its class names", async () => {
    const train = await idxFiles(DEMO, { split: "train" });
    const test = await idxFiles(DEMO, { split: "test", classes: train.classes });
    expect([train.length, test.length]).toEqual([4000, 2000]);
    expect(train.classes[9]).toBe("Ankle boot");
    // The whole set's first training image is an ankle boot, its second a T-shirt.
    const labels = train.labels()!;
    expect([labels[9], labels[10]]).toEqual([1, 1]);
    train.dispose();
    test.dispose();
  });
});
