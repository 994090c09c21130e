import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describePath, findSplits, openSpec, openSplits } from "../src/index.ts";
import { all, cifarRecord, expectCode, howIn, idx, noise, plain, tempFolder, write } from "./helpers.ts";

const folderOf = (path: unknown, only = "labelled") => ({ format: "image-folder", path, only });

async function tree(...files: string[]): Promise<string> {
  const root = await tempFolder();
  for (const [i, file] of files.entries()) {
    if (file.endsWith(".png")) await plain(root, file, [i * 10, 0, 0]);
    else await write(root, file, "");
  }
  return root;
}

describe("findSplits", () => {
  it("takes class sub-folders as the training split", async () => {
    const root = await tree("pets/cat/1.png", "pets/dog/1.png", "pets/.git/x.png");
    expect(await findSplits("pets", root)).toEqual({ train: folderOf("pets") });
  });

  it("finds unlabelled images in unlabeled/ and beside the class folders", async () => {
    const root = await tree("pets/cat/1.png", "pets/dog/1.png", "pets/unlabeled/deep/1.png", "pets/loose.png");
    const splits = await findSplits("pets", root);
    expect(splits).toEqual({ train: folderOf("pets"), unlabeled: folderOf(["pets"], "unlabelled") });
    const opened = await openSplits(splits, howIn(root));
    expect(all(opened["unlabeled"]!).map((row) => opened["unlabeled"]!.id(row))).toEqual([
      "pets/loose.png",
      "pets/unlabeled/deep/1.png",
    ]);
    expect(opened["train"]!.length).toBe(2);
    for (const samples of Object.values(opened)) samples.dispose();
  });

  it.each([
    ["train", "val", "test"],
    ["training", "valid", "test"],
    ["Train", "validation", "TEST"],
  ])("finds %s, %s and %s", async (train, validation, test) => {
    const root = await tree(
      ...[train, validation, test].flatMap((split) => [`d/${split}/cat/1.png`, `d/${split}/dog/1.png`]),
      `d/${train}/loose.png`,
    );
    expect(await findSplits("d", root)).toEqual({
      train: folderOf(`d/${train}`),
      validation: folderOf(`d/${validation}`),
      test: folderOf(`d/${test}`),
      unlabeled: folderOf([`d/${train}`], "unlabelled"),
    });
  });

  it("knows IDX and CIFAR-10 files by their names", async () => {
    const root = await tempFolder();
    for (const [split, n] of [
      ["train", 4],
      ["t10k", 2],
    ] as const) {
      await write(root, `m/${split}-images-idx3-ubyte`, idx([n, 2, 2], noise(n * 4, n)));
      await write(
        root,
        `m/${split}-labels-idx1-ubyte`,
        idx(
          [n],
          Uint8Array.from({ length: n }, (_, i) => i % 2),
        ),
      );
    }
    await write(
      root,
      "c/data_batch_1.bin",
      Buffer.concat([cifarRecord(0, () => [1, 2, 3]), cifarRecord(1, () => [3, 2, 1])]),
    );
    const splits = await findSplits("m", root);
    expect(splits).toEqual({
      train: { format: "idx", path: "m", split: "train" },
      test: { format: "idx", path: "m", split: "test" },
    });
    const opened = await openSplits(splits, howIn(root));
    expect([opened["train"]!.length, opened["test"]!.length]).toEqual([4, 2]);
    for (const samples of Object.values(opened)) samples.dispose();
    expect(await findSplits("c", root)).toEqual({ train: { format: "cifar10-binary", path: "c", split: "train" } });
  });

  it("leaves a class called test or train alone", async () => {
    const root = await tree("v/bus/1.png", "v/train/1.png", "w/good/1.png", "w/test/1.png");
    expect(await findSplits("v", root)).toEqual({ train: folderOf("v") });
    expect(await findSplits("w", root)).toEqual({ train: folderOf("w") });
  });

  it("fails with codes", async () => {
    const root = await tree(
      "loose/1.png",
      "two/train/a/1.png",
      "two/training/a/1.png",
      "alone/test/a/1.png",
      "alone/test/b/1.png",
      "flat/train/a/1.png",
      "flat/test/1.png",
      "kaggle/train/1.png",
      "kaggle/test/2.png",
      "file.txt",
    );
    await expectCode(findSplits("loose", root), "REG_DATA_EMPTY", "no class folders", "1 images");
    await expectCode(findSplits("two", root), "REG_DATA_UNREADABLE", '"train" and "training"');
    await expectCode(findSplits("alone", root), "REG_DATA_EMPTY", '"test"', 'no "train"');
    await expectCode(findSplits("flat", root), "REG_DATA_EMPTY", "flat/test has no class folders", "unlabeled");
    await expectCode(findSplits("kaggle", root), "REG_DATA_EMPTY", "kaggle/train has no class folders");
    await expectCode(findSplits("file.txt", root), "REG_DATA_PATH", "is a file");
    await expectCode(findSplits("none", root), "REG_DATA_PATH", "does not exist");
  });
});

describe("openSplits", () => {
  it("reads all splits with the classes, size and channels of the training split", async () => {
    const root = await tree("d/train/a/1.png", "d/train/b/1.png");
    await plain(root, "d/test/b/1.png", [9, 9, 9], { h: 20, w: 30 });
    const opened = await openSplits(await findSplits("d", root), howIn(root));
    expect(opened["test"]!.format).toEqual(opened["train"]!.format);
    expect([...opened["test"]!.labels()!]).toEqual([0, 1]);
    for (const samples of Object.values(opened)) samples.dispose();
    await plain(root, "d/test/c/1.png", [0, 0, 0]);
    await expectCode(openSplits(await findSplits("d", root), howIn(root)), "REG_DATA_LABEL", '"c"', '"a", "b"');
  });
});

describe("describePath", () => {
  it("tells formats from paths, or is told", async () => {
    const root = await tree("pets/a/1.png", "x.csv", "x.bin", "x-images-idx3-ubyte.gz", "one.png");
    const formats = await Promise.all(
      ["pets", "x.csv", "x.bin", "x-images-idx3-ubyte.gz", "one.png"].map((path) => describePath(path, root)),
    );
    expect(formats.map(({ format }) => format)).toEqual([
      "image-folder",
      "csv",
      "cifar10-binary",
      "idx",
      "image-folder",
    ]);
    expect(await describePath("npz:some/where.npz", root)).toEqual({ format: "npz", path: "some/where.npz" });
    expect(await describePath(join(root, "x.csv"))).toEqual({ format: "csv", path: join(root, "x.csv") });
  });
  it("fails with codes", async () => {
    const root = await tree("x.dat");
    await expectCode(describePath("x.dat", root), "REG_DATA_FORMAT", '".dat"', "csv:x.dat");
    await expectCode(describePath("y", root), "REG_DATA_PATH");
    await expectCode(
      Promise.resolve().then(() => openSpec({ format: "csvv", path: "x" }, howIn(root))),
      "REG_DATA_FORMAT",
      'did you mean "csv"',
    );
  });
});
