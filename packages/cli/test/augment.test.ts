import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createRegimen, createRng, source, type Plugin, type Policy, type Rows, type Technique } from "@regimen/core";
import cpu from "@regimen/backend-cpu";
import data from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { augmented, pictureOf, seenOf, transformed } from "../src/augment/pictures.ts";
import { drawSheet } from "../src/augment/sheet.ts";
import { augmentedSheet } from "../src/job/augmented.ts";
import { cli, temp, write, type Ran } from "./fake.ts";

/** Adds up to the whole range, as drawn. */
const lighter: Technique<{ m: number; rr: number }> = {
  name: "test-lighter",
  version: "1.0.0",
  group: "augmentation",
  paper: "none",
  space: {
    m: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
    rr: { kind: "rr", range: [0, 1], default: 1, off: 0 },
  },
  order: { slot: "texture" },
  create: ({ m }) => ({
    draw: (rng, { n }) => ({ by: Float32Array.from({ length: n }, () => 255 * m * rng.uniform()) }),
    batch: (batch, step) => ({
      ...batch,
      images: tf.clipByValue(tf.add(batch.images, tf.reshape(step.fed["by"]!, [-1, 1, 1, 1])), 0, 255),
    }),
  }),
};
/** One row down: boxes and masks too. */
const lower: Technique<{ rr: number }> = {
  name: "test-lower",
  version: "1.0.0",
  group: "augmentation",
  paper: "none",
  space: { rr: { kind: "rr", range: [0, 1], default: 1, off: 0 } },
  order: { slot: "space" },
  create: () => ({
    batch: (batch) => ({
      ...batch,
      warp: tf.tile(tf.tensor2d([[1, 0, 0, 0, 1, -1, 0, 0]]), [batch.shape.n, 1]),
    }),
  }),
};
/** Weight decay and its like change no image. */
const unseen: Technique<{ rr: number }> = {
  ...lower,
  name: "test-unseen",
  order: { slot: "gradient", needs: ["residual"] },
  create: () => ({}),
};
const techniques = [lighter, lower, unseen] as unknown as Technique[];
const plugin: Plugin = {
  name: "test-plugin",
  version: "1.0.0",
  register: (registry) => techniques.forEach((technique) => registry.technique(technique)),
};
const policy: Policy = {
  format: 1,
  name: "calm-fox-pier",
  engine: "0.1.0",
  seed: 7,
  train: { epochs: 3, batchSize: 4, learningRate: 0.1, optimizer: "sgd", schedule: "one-cycle" },
  steps: [
    { use: "test-lower", version: "1.0.0", with: { rr: 1 } },
    { use: "test-unseen", version: "1.0.0", with: { rr: 1 } },
    { use: "test-lighter", version: "1.0.0", with: { m: 1 }, refused: { because: "test", evidence: {} } },
  ],
};

/** Four images of 16 × 16 pixels, the upper half red, the lower half blue. */
async function photos(): Promise<string> {
  const cwd = temp();
  const pixels = Uint8Array.from({ length: 16 * 16 * 3 }, (_, at) => (at % 3 === (at < 8 * 16 * 3 ? 0 : 2) ? 120 : 0));
  const png = await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
    .png()
    .toBuffer();
  for (const name of ["cat/1", "cat/2", "dog/1", "dog/2"]) {
    write(cwd, { [`photos/${name}.png`]: "" });
    await sharp(png).toFile(join(cwd, `photos/${name}.png`));
  }
  write(cwd, { "policy.json": policy });
  return cwd;
}
const augment = (cwd: string, ...argv: string[]): Promise<Ran> =>
  cli(["augment", "--data", "photos", ...argv], {
    cwd,
    createRegimen: () => createRegimen({ plugins: [plugin, data, cpu], backend: "cpu" }),
  });
/** The middle of a sheet's cell, given that cells are 96 pixels wide: [red, green, blue] at a share of its height. */
async function cellAt(file: string | Uint8Array, row: number, column: number, down: number): Promise<number[]> {
  const { data: bytes, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const [x, y] = [16 + 190 + column * 104 + 48, 40 + row * 120 + Math.floor(96 * down)];
  return [...bytes.subarray(3 * (y * info.width + x), 3 * (y * info.width + x) + 3)];
}

describe("regimen augment", () => {
  it("draws a policy on the user's own images: its seen and not refused steps, one row an image", async () => {
    const cwd = await photos();
    const { code, out, err } = await augment(
      cwd,
      "--policy",
      "policy.json",
      "--out",
      "sheets/a.png",
      "--images",
      "3",
      "--json",
    );
    expect([code, err]).toEqual([0, ""]);
    const told = JSON.parse(out) as { sheet: string; width: number; rows: { label: string; cells: string[] }[] };
    expect(told.sheet).toBe(join(cwd, "sheets/a.png"));
    expect(told.rows).toHaveLength(3);
    expect(told.rows[0]!.cells).toEqual(["original", ...[1, 2, 3, 4, 5, 6, 7, 8].map((draw) => `draw ${draw}`)]);
    expect((await sharp(told.sheet).metadata()).width).toBe(told.width);
    // Row 8 of 16 is blue, and red once everything has moved down by one.
    expect(await cellAt(told.sheet, 1, 0, 8.5 / 16)).toEqual([0, 0, 120]);
    expect(await cellAt(told.sheet, 1, 3, 8.5 / 16)).toEqual([120, 0, 0]);
  });

  it("draws every transform at five magnitudes, one row each, ever stronger", async () => {
    const cwd = await photos();
    const { code, out } = await augment(cwd, "--all", "--out", "a.png", "--json");
    expect(code).toBe(0);
    const { sheet, rows } = JSON.parse(out) as { sheet: string; rows: { label: string; cells: string[] }[] };
    expect(rows).toEqual([
      { label: "test-lighter", cells: ["original", "m 0.2", "m 0.4", "m 0.6", "m 0.8", "m 1"] },
      { label: "test-lower", cells: ["original", "draw 1", "draw 2", "draw 3", "draw 4", "draw 5"] },
    ]);
    const green = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async (column) => (await cellAt(sheet, 0, column, 0.5))[1]!),
    );
    green.slice(1).forEach((value, at) => expect(value).toBeGreaterThan(green[at]!));
  });

  it("gives the same sheet again, and another with another seed", async () => {
    const cwd = await photos();
    const draw = async (name: string, ...more: string[]) => {
      await augment(cwd, "--all", "--out", name, ...more);
      return readFileSync(join(cwd, name)).toString("base64");
    };
    const first = await draw("a.png");
    expect(await draw("b.png")).toBe(first);
    expect(await draw("c.png", "--seed", "8")).not.toBe(first);
  });

  it("looks at a folder without classes too", async () => {
    const cwd = await photos();
    const { code } = await cli(["augment", "--data", "photos/cat", "--all", "--out", "a.png"], {
      cwd,
      createRegimen: () => createRegimen({ plugins: [plugin, data, cpu], backend: "cpu" }),
    });
    expect(code).toBe(0);
  });

  it("says what was wrong", async () => {
    const cwd = await photos();
    for (const [argv, told] of [
      [["--out", "a.png"], "expected either --policy FILE or --all"],
      [["--out", "a.png", "--all", "--policy", "policy.json"], "expected either"],
      [["--out", "a.jpg", "--all"], '--out got "a.jpg"; expected the name of a .png file'],
      [["--out", "a.png", "--policy", "none"], "changes no image"],
      [["--out", "a.png", "--policy", "nowhere.json"], "REG_POLICY_INVALID"],
      [["--out", "a.png", "--all", "--images", "0"], "expected at least 1"],
    ] as const)
      expect(await augment(cwd, ...argv)).toMatchObject({ code: 2, err: expect.stringContaining(told) });
    write(cwd, { "policy.json": { ...policy, steps: [{ use: "regimen-technique-foo", version: "1.0.0", with: {} }] } });
    expect(await augment(cwd, "--out", "a.png", "--policy", "policy.json")).toMatchObject({
      code: 2,
      err: expect.stringContaining("npm i regimen-technique-foo"),
    });
  });
});

describe("pictures", () => {
  const shape = { n: 2, h: 4, w: 4, c: 1, range: [0, 255] as const, classes: 2 };
  const rows: Rows = {
    images: Float32Array.from({ length: 32 }, (_, at) => at),
    labels: Float32Array.of(1, 0, 0, 1),
    weights: Float32Array.of(1, 1),
    origin: Float32Array.of(1, 1),
    masks: Int32Array.from({ length: 32 }, (_, at) => Math.floor(at / 4) % 4),
    boxes: {
      at: Float32Array.of(0, 0, 2, 2, 1, 1, 2, 4),
      labels: Float32Array.of(1, 0, 0, 1),
      weights: Float32Array.of(1, 1),
    },
  };

  it("move boxes and masks with their images, and leave no tensor behind", async () => {
    await tf.setBackend("cpu");
    const members = seenOf(policy, techniques, "detection");
    const before = tf.memory().numTensors;
    const after = augmented(members, rows, shape, createRng(1));
    expect(tf.memory().numTensors).toBe(before);
    expect([...after.images.subarray(4, 16)]).toEqual([...rows.images.subarray(0, 12)]);
    expect([...after.masks!.subarray(4, 16)]).toEqual([...rows.masks!.subarray(0, 12)]);
    expect([...after.boxes!.at]).toEqual([1, 0, 3, 2, 2, 1, 3, 4]);
  });

  it("of a transform are of one draw, the strongest of eight", async () => {
    await tf.setBackend("cpu");
    const one = {
      ...rows,
      ...pictureOf(rows, 0, 2),
      labels: Float32Array.of(1, 0),
      weights: Float32Array.of(1),
      origin: Float32Array.of(1),
    };
    const { pictures, at } = transformed(techniques[0]!, one, shape, "detection", createRng(1));
    expect(at).toEqual(["m 0.2", "m 0.4", "m 0.6", "m 0.8", "m 1"]);
    const added = pictures.map(({ images }) => images[0]!);
    added.forEach((value, k) => expect(value / added[0]!).toBeCloseTo(k + 1, 4));
    // The mean of uniform draws is half of the range; the largest of eight is nearer to its end.
    expect(added[4]).toBeGreaterThan(0.6 * 255);
  });

  it("show boxes as frames and masks as tints", async () => {
    const picture = {
      images: new Float32Array(16 * 16).fill(100),
      masks: Int32Array.from({ length: 256 }, (_, at) => Number(at >= 128)),
      boxes: { at: Float32Array.of(2, 2, 6, 14), labels: Float32Array.of(1), weights: Float32Array.of(1) },
    };
    const { png } = await drawSheet({
      title: "<&>",
      format: { h: 16, w: 16, c: 1, range: [0, 255] },
      rows: [{ label: "a", cells: [{ picture, label: "b" }] }],
    });
    expect(await cellAt(png, 0, 0, 0.25)).toEqual([100, 100, 100]);
    expect(await cellAt(png, 0, 0, 0.75)).toEqual([60 + 92, 60 + 64, 60]);
    const frame = await cellAt(png, 0, 0, 12 / 96);
    expect(frame[0]).toBeGreaterThan(150);
    expect(frame[2]).toBeLessThan(80);
  });
});

describe("the sheet of a run's report", () => {
  const pixels = async (image: string) =>
    sharp(Buffer.from(image.split(",")[1]!, "base64"))
      .raw()
      .toBuffer({ resolveWithObject: true });
  /** Each image has its own grey. */
  const grey = source({
    name: "grey",
    length: 8,
    format: { h: 4, w: 4, c: 3, range: [0, 255] },
    classes: ["dark", "light"],
    skipped: [],
    labels: () => Float32Array.from({ length: 16 }, (_, i) => (Math.floor(i / 2) % 2 === i % 2 ? 1 : 0)),
    id: (row) => `image ${row}`,
    read: async (rows) => ({
      images: Uint8Array.from({ length: rows.length * 48 }, (_, i) => 10 * rows[Math.floor(i / 48)]!),
    }),
    dispose: () => undefined,
  });
  const of = (steps: Policy["steps"]) => ({ policy: { ...policy, steps }, seed: 3 });

  it("shows each image as it is and in several draws, classes in turn", async () => {
    await createRegimen({ plugins: [cpu], backend: "cpu" });
    const step = { use: "test-lighter", version: "1.0.0", with: { m: 0.5, rr: 1 } };
    const sheet = (await augmentedSheet(of([step]), techniques, grey, "classification"))!;
    expect([...sheet.rows].sort()).toEqual(["dark", "dark", "dark", "light", "light", "light"]);
    expect(sheet.columns).toEqual(["as it is", ...Array.from({ length: 7 }, (_, i) => String(i + 1))]);
    const { data, info } = await pixels(sheet.image);
    expect([info.width, info.height]).toEqual([8 * 4, 6 * 4]);
    for (let row = 0; row < 6; row++) {
      const cells = Array.from({ length: 8 }, (_, cell) => data[(row * 4 * info.width + cell * 4) * info.channels]!);
      expect(cells[0]! % 10).toBe(0);
      // Only ever lighter, and not each time by the same.
      expect(Math.min(...cells)).toBe(cells[0]);
      expect(new Set(cells).size).toBeGreaterThan(3);
    }
  });
  it("has what belongs to an image on it, moved with it, and the file's name beside it", async () => {
    await createRegimen({ plugins: [cpu], backend: "cpu" });
    const step = { use: "test-lower", version: "1.0.0", with: { rr: 1 } };
    const marked = source({
      ...grey,
      id: (row) => `set/images/${row}.png`,
      read: async (rows) => ({
        ...(await grey.read(rows)),
        images: new Uint8Array(rows.length * 48).fill(100),
        masks: Int32Array.from({ length: rows.length * 16 }, (_, at) => Number(at % 16 < 4)),
        boxes: {
          at: Float32Array.from({ length: rows.length * 4 }, (_, at) => [0, 2, 3, 4][at % 4]!),
          labels: Float32Array.from({ length: rows.length * 2 }, (_, at) => at % 2),
          weights: new Float32Array(rows.length).fill(1),
        },
      }),
    });
    const sheet = (await augmentedSheet(of([step]), techniques, marked, "semantic_segmentation"))!;
    expect(sheet.rows.every((name) => /^\d\.png$/.test(name))).toBe(true);
    const { data, info } = await pixels(sheet.image);
    const at = (y: number, x: number): number[] => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)];
    const [plain, tinted, framed] = [
      [100, 100, 100],
      [152, 124, 60],
      [86, 180, 233],
    ];
    expect([at(0, 0), at(1, 0), at(0, 3), at(3, 3)]).toEqual([tinted, plain, framed, plain]);
    expect([at(1, 4), at(2, 4), at(3, 7)]).toEqual([tinted, plain, framed]);
  });
  it("is none where the policy changes no image", async () => {
    const step = { use: "test-unseen", version: "1.0.0", with: { rr: 1 } };
    expect(await augmentedSheet(of([step]), techniques, grey, "classification")).toBeNull();
  });
});
