import { describe, expect, it } from "vitest";
import { cifar10 } from "../src/index.ts";
import { openCifar10 } from "../src/cifar10.ts";
import { all, cifarRecord, expectCode, howIn, tempFolder, write } from "./helpers.ts";

const record = (label: number, seed: number) =>
  cifarRecord(label, (y, x) => [(y * 8 + seed) % 256, x * 8, (x + y + seed) % 256]);

async function folder(): Promise<string> {
  const root = await tempFolder();
  await write(root, "data_batch_1.bin", Buffer.concat([record(3, 1), record(9, 2)]));
  await write(root, "data_batch_2.bin", record(0, 3));
  await write(root, "data_batch_10.bin", record(1, 4));
  await write(root, "test_batch.bin", record(3, 5));
  return root;
}

describe("cifar10-binary", () => {
  it("turns planes into pixels and reads the files of a folder in order", async () => {
    const root = await folder();
    await write(root, "batches.meta.txt", "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
    const train = await cifar10(".", { base: root });
    expect(train.format).toEqual({ h: 32, w: 32, c: 3, range: [0, 255] });
    expect(all(train).map((row) => train.id(row))).toEqual([
      "data_batch_1.bin#0",
      "data_batch_1.bin#1",
      "data_batch_2.bin#0",
      "data_batch_10.bin#0",
    ]);
    expect(train.classes[3]).toBe("cat");
    expect(
      [0, 1, 2, 3].map((row) =>
        train
          .labels()!
          .subarray(row * 10, row * 10 + 10)
          .indexOf(1),
      ),
    ).toEqual([3, 9, 0, 1]);
    const { images } = await train.read([1]);
    for (const [y, x] of [
      [0, 0],
      [5, 7],
      [31, 31],
    ] as const) {
      expect([...images.subarray((y * 32 + x) * 3, (y * 32 + x) * 3 + 3)]).toEqual([
        (y * 8 + 2) % 256,
        x * 8,
        x + y + 2,
      ]);
    }
    const test = await cifar10(".", { base: root, split: "test", classes: train.classes });
    expect(test.length).toBe(1);
    train.dispose();
    test.dispose();
  });

  it("works without names, on files of any name, with a limit, without labels", async () => {
    const root = await folder();
    const some = await cifar10(["data_batch_1.bin", "test_batch.bin"], { base: root, limit: 2 });
    expect([some.length, some.classes]).toEqual([2, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]]);
    const named = await cifar10("test_batch.bin", {
      base: root,
      classes: ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"],
    });
    expect(named.labels()!.indexOf(1)).toBe(3);
    const blind = await cifar10("data_batch_1.bin", { base: root, labels: false });
    expect(blind.labels()).toBeUndefined();
    for (const samples of [some, named, blind]) samples.dispose();
  });

  it("reads the same beyond the memory limit", async () => {
    const root = await folder();
    const spec = { format: "cifar10-binary", path: root };
    const [small, large] = [await openCifar10(spec, howIn(root), 4000), await openCifar10(spec, howIn(root))];
    expect((await small.read([3, 0, 2])).images).toEqual((await large.read([3, 0, 2])).images);
    small.dispose();
    large.dispose();
  });

  it("fails with codes", async () => {
    const root = await folder();
    await write(root, "cut.bin", Buffer.concat([record(1, 1), record(2, 2)]).subarray(0, 5000));
    await expectCode(cifar10("cut.bin", { base: root }), "REG_DATA_TRUNCATED", "5000 bytes", "expected 6146", "3073");
    await write(root, "nil.bin", "");
    await expectCode(cifar10("nil.bin", { base: root }), "REG_DATA_TRUNCATED", "0 bytes", "expected 3073");
    await write(root, "wrong.bin", Buffer.concat([record(1, 1), record(10, 2)]));
    await expectCode(cifar10("wrong.bin", { base: root }), "REG_DATA_LABEL", "wrong.bin#1", "label 10", "0 to 9");
    await expectCode(cifar10("test_batch.bin", { base: root }), "REG_DATA_ONE_CLASS", '"3"');
    await expectCode(cifar10("gone.bin", { base: root }), "REG_DATA_PATH", "gone.bin");
    const empty = await tempFolder();
    await expectCode(cifar10(empty, { split: "test" }), "REG_DATA_PATH", "test_batch.bin");
    await expectCode(
      openCifar10({ format: "cifar10-binary", path: ".", split: "val" }, howIn(root)),
      "REG_CONFIG_INVALID",
      '"train" or "test"',
    );
  });
});
