// What mutation has found (benchmarks/fuzz.mjs), each as one small file: files that promise more than they hold, and things that stand
// where others should.
import { beforeAll, describe, expect, it } from "vitest";
import { zipSync } from "fflate";
import { openSpec } from "../src/index.ts";
import { expectCode, howIn, idx, noise, plain, tempFolder, write } from "./helpers.ts";

let root: string;
beforeAll(async () => {
  root = await tempFolder();
  for (const name of ["a", "b"]) await plain(root, `${name}.png`, [200, 30, 30]);
  await plain(root, "c.png", [10, 90, 200]);
});
const open = (format: string, path: string, more = {}) => openSpec({ format, path, ...more }, howIn(root));

describe("files that promise more than they hold", () => {
  it.each([false, true])("idx: thousands of millions of images, packed: %s", async (gzip) => {
    const ending = gzip ? ".gz" : "";
    const bytes = Buffer.from(idx([4, 5, 4], noise(80, 1)));
    bytes.writeUInt32BE(2 ** 32 - 1, 4);
    const file = gzip ? (await import("node:zlib")).gzipSync(bytes) : bytes;
    await write(root, `huge-images-idx3-ubyte${ending}`, file);
    const found = open("idx", `huge-images-idx3-ubyte${ending}`, { labels: false });
    await expectCode(found, "REG_DATA_TRUNCATED", "96 bytes", "85899345916");
  });

  /** An .npz of two pictures [2, 2, 2], whose labels are of NumPy's `type` and `shape`. */
  async function npz(type: string, shape: string, labels: Uint8Array): Promise<void> {
    const npy = (descr: string, sides: string, values: Uint8Array): Uint8Array => {
      const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides},), }`.padEnd(117) + "\n";
      const head = [0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0];
      return new Uint8Array(Buffer.concat([Buffer.from(head), Buffer.from(header), values]));
    };
    await write(
      root,
      "d.npz",
      zipSync({ "x.npy": npy("|u1", "2, 2, 2", noise(8, 3)), "y.npy": npy(type, shape, labels) }),
    );
  }

  it("npz: labels that are no classes, or no numbers of 32 bits, and shapes that are none", async () => {
    await npz("<u4", "2", new Uint8Array(new Uint32Array([1, 2 ** 31 - 1]).buffer));
    await expectCode(open("npz", "d.npz"), "REG_DATA_LABEL", "2147483647");
    await npz("<i8", "2", new Uint8Array(new BigInt64Array([1n, 2n ** 40n]).buffer));
    await expectCode(open("npz", "d.npz"), "REG_DATA_UNREADABLE", "1099511627776", "32 bits");
    await npz("|u1", "1e999", new Uint8Array(2));
    await expectCode(open("npz", "d.npz"), "REG_DATA_UNREADABLE", "1e999");
  });
});

describe("things where others should stand", () => {
  it.each([5, true, {}, [], [5], ""])("a path that is %j is none", async (path) => {
    for (const format of ["idx", "cifar10-binary", "csv", "image-folder"])
      await expectCode(open(format, path as unknown as string, {}), "REG_CONFIG_INVALID", "path");
  });

  it.each(["constructor", "toString"])("a split called %s", async (split) => {
    await write(root, "data_batch_1.bin", new Uint8Array(3073));
    await expectCode(open("idx", ".", { split }), "REG_CONFIG_INVALID", split);
    await expectCode(open("cifar10-binary", ".", { split }), "REG_CONFIG_INVALID", split);
  });

  it("coco: images, annotations and categories of other kinds, run lengths of other things", async () => {
    const json = {
      images: [{ id: 1, file_name: "a.png" }],
      categories: [{ id: 1, name: "cat" }],
      annotations: [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 1, 4, 4], segmentation: {} as object }],
    };
    const told = async (format: string, more: object): Promise<unknown> => {
      await write(root, "c.json", JSON.stringify({ ...json, ...more }));
      return open(format, "c.json");
    };
    await expectCode(told("coco", { images: [{ id: 1 }] }), "REG_DATA_UNREADABLE", 'entry 1 of "images"', "file_name");
    await expectCode(told("coco", { images: [null] }), "REG_DATA_UNREADABLE", '"images"');
    await expectCode(told("coco", { categories: [{ id: 1, name: [] }] }), "REG_DATA_UNREADABLE", '"categories"');
    await expectCode(told("coco", { annotations: [{ ...json.annotations[0], image_id: {} }] }), "REG_DATA_UNREADABLE");
    const counts = { size: [8, 8], counts: [20, [[1]], 44] };
    const annotations = [{ ...json.annotations[0], segmentation: counts }];
    await expectCode(told("coco-masks", { annotations }), "REG_DATA_UNREADABLE", "neither polygons nor run lengths");
  });

  it("yolo: names by numbers without end", async () => {
    await plain(root, "y/images/a.png", [1, 2, 3]);
    await write(root, "y/labels/a.txt", "0 0.5 0.5 0.2 0.2\n");
    await write(root, "y/data.yaml", "names:\n  0: cat\n  4294967295: dog\n");
    await expectCode(open("yolo", "y"), "REG_DATA_UNREADABLE", "data.yaml", "names: [cat, dog]");
  });

  it("voc: tags within tags, names twice, and no annotation", async () => {
    await plain(root, "v/images/a.png", [1, 2, 3]);
    const voc = async (text: string): Promise<unknown> => {
      await write(root, "v/Annotations/a.xml", text);
      return open("voc", "v");
    };
    const deep = `<annotation>${"<a>".repeat(400)}${"</a>".repeat(400)}</annotation>`;
    await expectCode(voc(deep), "REG_DATA_UNREADABLE", "a.xml");
    const box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>4</xmax><ymax>4</ymax></bndbox>";
    const twice = `<annotation><object><name>a</name><name>b</name>${box}</object></annotation>`;
    await expectCode(voc(twice), "REG_DATA_UNREADABLE", "object 1", "has no name");
    await expectCode(voc("<annotation>text</annotation>"), "REG_DATA_UNREADABLE", "annotation");
  });

  it('csv: a class called "red|green" is one class, where the soft labels or the training split know it', async () => {
    await write(root, "soft.csv", "path,label,p_red|green,p_blue\na.png,red|green,0.9,0.1\nb.png,blue,0.2,0.8\n");
    const soft = await open("csv", "soft.csv");
    expect([soft.classes, soft.labels()!.length]).toEqual([["blue", "red|green"], 4]);
    await write(root, "hard.csv", "path,label\na.png,red|green\nb.png,blue\n");
    const classes = ["blue", "red|green"];
    const hard = await openSpec({ format: "csv", path: "hard.csv" }, { ...howIn(root), classes });
    expect([...hard.labels()!]).toEqual([0, 1, 1, 0]);
    expect((await open("csv", "hard.csv")).classes).toEqual(["blue", "green", "red"]);
  });
});
