import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { beforeAll, describe, expect, it } from "vitest";
import type { DataSpec, ReadHow } from "@regimen/core";
import { openSpec } from "../src/index.ts";
import { parseNpy } from "../src/npy.ts";
import { expectCode, howIn, tempFolder, write } from "./helpers.ts";

/** An NPY file as NumPy's documentation describes it. */
function npy(descr: string, shape: readonly number[], values: Uint8Array, more = ""): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${more || "False"}, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
  const header = Buffer.from(text.padEnd(117) + "\n", "latin1");
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  return new Uint8Array(Buffer.concat([start, header, values]));
}
const bytesOf = (values: ArrayBufferView) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

let root: string;
beforeAll(async () => {
  root = await tempFolder();
});
const pixels = Uint8Array.from({ length: 4 * 6 * 5 }, (_, i) => i * 2);
const images = npy("|u1", [4, 6, 5], pixels);
const labels = npy("<i8", [4], bytesOf(BigInt64Array.of(2n, 0n, 1n, 2n)));
const npz = async (arrays: Record<string, Uint8Array>, spec: Partial<DataSpec> = {}, how: Partial<ReadHow> = {}) => {
  const files = Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]));
  await write(root, "a.npz", zipSync(files));
  return openSpec({ format: "npz", path: "a.npz", ...spec }, howIn(root, how));
};

describe("npz", () => {
  it("finds images and labels by the usual names, split by split", async () => {
    const arrays = {
      x_train: images,
      y_train: labels,
      val_images: npy("|u1", [1, 6, 5], pixels.slice(0, 30)),
      val_labels: npy("|u1", [1, 1], Uint8Array.of(1)),
    };
    const train = await npz(arrays, { split: "train" });
    expect([train.length, train.format, train.classes]).toEqual([
      4,
      { h: 6, w: 5, c: 1, range: [0, 255] },
      ["0", "1", "2"],
    ]);
    expect([...train.labels()!]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect([...(await train.read([2])).images]).toEqual([...pixels.subarray(60, 90)]);
    expect(train.id(3)).toBe("a.npz#3");
    const validation = await npz(arrays, { split: "validation" }, { classes: train.classes });
    expect([...validation.labels()!]).toEqual([0, 1, 0]);
    expect((await npz({ x: images, y: labels }, { limit: 3 })).length).toBe(3);
    expect((await npz({ pictures: images, of: labels }, { images: "pictures", labels: "of" })).labels()!.length).toBe(
      12,
    );
    expect((await npz({ images, labels }, { labels: false })).labels()).toBeUndefined();
    expect((await npz({ images, labels }, {}, { size: { h: 3, w: 3 } })).format).toMatchObject({ h: 3, w: 3 });
  });

  it("takes floats, any number of channels and several labels as they are", async () => {
    const values = Float32Array.from({ length: 2 * 3 * 3 * 2 }, (_, i) => i / 40);
    const several = npy("<f4", [2, 3], bytesOf(Float32Array.of(1, 0, 1, 0, 1, 0)));
    const samples = await npz({ x: npy("<f4", [2, 3, 3, 2], bytesOf(values)), y: several });
    expect(samples.format).toEqual({ h: 3, w: 3, c: 2, range: [0, 1] });
    expect([...samples.labels()!]).toEqual([1, 0, 1, 0, 1, 0]);
    await expectCode(
      npz({ x: npy("<f4", [2, 3, 3, 2], bytesOf(values)) }, {}, { size: { h: 9, w: 9 } }),
      "REG_DATA_MISMATCH",
    );
  });

  it("refuses what is wrong, by code", async () => {
    await expectCode(npz({ a: images }), "REG_DATA_UNREADABLE", '"a"');
    await expectCode(npz({ x: images }, { images: "y" }), "REG_DATA_UNREADABLE", '"y"');
    await expectCode(
      npz({ x: images, y: npy("|u1", [3], Uint8Array.of(0, 1, 2)) }),
      "REG_DATA_MISMATCH",
      "4 images and 3",
    );
    await expectCode(npz({ x: npy("|u1", [120], pixels) }), "REG_DATA_MISMATCH", "shape [120]");
    await expectCode(npz({ x: images.slice(0, -1), y: labels }), "REG_DATA_TRUNCATED");
    await expectCode(npz({ x: npy("|u1", [4, 6, 5], pixels, "True") }), "REG_DATA_UNREADABLE", "Fortran");
    await expectCode(npz({ x: npy("|O", [4], pixels) }), "REG_DATA_UNREADABLE", "dtype");
    await expectCode(npz({ x: pixels }), "REG_DATA_UNREADABLE", "no NPY");
    await write(root, "b.npz", "no archive");
    await expectCode(openSpec({ format: "npz", path: "b.npz" }, howIn(root)), "REG_DATA_UNREADABLE", "no NPZ");
  });

  it("reads what NumPy itself wrote", () => {
    const golden = JSON.parse(readFileSync(new URL("golden/npy.json", import.meta.url), "utf8")) as {
      npy: string;
      shape: number[];
      values: number[];
    }[];
    for (const { npy: text, shape, values } of golden) {
      const got = parseNpy(new Uint8Array(Buffer.from(text, "base64")), "golden");
      expect(got.shape).toEqual(shape);
      values.forEach((value, i) => expect(got.values[i]).toBeCloseTo(value, 5));
    }
  });
});
