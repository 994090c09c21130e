import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { DataSpec, ReadHow } from "@regimen/core";
import { openSpec } from "../src/index.ts";
import { parseExample } from "../src/tf-example.ts";
import { expectCode, howIn, tempFolder, write } from "./helpers.ts";

const golden = JSON.parse(readFileSync(new URL("golden/tfrecord.json", import.meta.url), "utf8")) as Record<
  string,
  string
>;
const bytesOf = (name: string) => new Uint8Array(Buffer.from(golden[name]!, "base64"));

let root: string;
beforeAll(async () => {
  root = await tempFolder();
});
const open = async (bytes: Uint8Array, spec: Partial<DataSpec> = {}, how: Partial<ReadHow> = {}) => {
  await write(root, "a.tfrecord", bytes);
  return openSpec({ format: "tfrecord", path: "a.tfrecord", ...spec }, howIn(root, how));
};

describe("tfrecord, as TensorFlow wrote it", () => {
  it("reads images with numbers, or texts, as labels", async () => {
    const numbers = await open(bytesOf("labels"));
    expect([numbers.length, numbers.format, numbers.id(1)]).toEqual([
      2,
      { h: 20, w: 30, c: 3, range: [0, 255] },
      "a.tfrecord#1",
    ]);
    expect([...numbers.labels()!]).toEqual([0, 1, 1, 0]);
    expect([...(await numbers.read([1])).images.subarray(0, 3)]).toEqual([200, 200, 200]);
    expect((await open(bytesOf("labels"), { classes: ["a", "b", "c"] })).classes).toEqual(["a", "b", "c"]);
    expect((await open(bytesOf("labels"), { labels: false })).labels()).toBeUndefined();
    const texts = await open(bytesOf("texts"));
    expect([texts.classes, [...texts.labels()!]]).toEqual([
      ["cat", "dog"],
      [0, 1, 1, 0],
    ]);
  });

  it("reads objects of the object detection API and of TensorFlow Datasets", async () => {
    const samples = await open(bytesOf("objects"), {}, { size: { h: 10, w: 10 }, fit: "stretch" });
    const { boxes } = await samples.read([0, 1]);
    expect(samples.classes).toEqual(["cat", "dog"]);
    [1, 2, 5, 6, 0, 0, 10, 5].forEach((value, i) => expect(boxes!.at[i]).toBeCloseTo(value, 4));
    expect([...boxes!.labels.subarray(0, 4)]).toEqual([0, 1, -1, 0]);
    expect([...boxes!.weights]).toEqual([1, 1, ...new Array(14).fill(0)]);
    expect([...samples.labels()!]).toEqual([0, 1, 0, 0]);
    const tfds = await open(bytesOf("tfds"), { classes: ["cat", "dog"] });
    const read = await tfds.read([0]);
    [2, 6, 10, 18].forEach((value, i) => expect(read.boxes!.at[i]).toBeCloseTo(value, 4));
    expect([...read.boxes!.labels.subarray(0, 4)]).toEqual([0, 1, -2, 0]);
  });

  it("reads whole numbers of either sign, beyond 32 bits", () => {
    const file = bytesOf("bare");
    const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
    expect(parseExample(file.subarray(12, 12 + length)).get("height")).toEqual([3, -2, 2 ** 40]);
  });

  it("refuses what is wrong, by code", async () => {
    const file = bytesOf("labels");
    const flipped = file.slice();
    flipped[40]! ^= 1;
    await expectCode(open(flipped), "REG_DATA_UNREADABLE", "#0", "checksum");
    await expectCode(open(file.slice(0, -3)), "REG_DATA_TRUNCATED", "record 1");
    await expectCode(open(new Uint8Array(200).fill(7)), "REG_DATA_UNREADABLE", "no TFRecord");
    await expectCode(open(new Uint8Array(0)), "REG_DATA_EMPTY");
    await expectCode(open(bytesOf("bare")), "REG_DATA_UNREADABLE", '"height"', "image/encoded");
    await expectCode(open(file, { classes: "a" }), "REG_CONFIG_INVALID");
  });
});
