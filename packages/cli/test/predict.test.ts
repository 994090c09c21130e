import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import cpu from "@regimen/backend-cpu";
import { createRegimen, saveModel, type Plugin, type Scaffold } from "@regimen/core";
import data from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, temp } from "./fake.ts";

const cwd = temp();
const CLASSES = ["ground", "light", "strong light"];
const SIDE = 8;

/** The answers of a model that gives the image back: levels from 100 on are light, from 110 on strong light. */
const scaffold: Pick<Scaffold, "name" | "version" | "tasks" | "answer" | "draw" | "examine"> = {
  name: "levels",
  version: "1.0.0",
  tasks: ["semantic_segmentation", "detection"],
  async answer({ answers, model, format: { h, w } }) {
    const values = await answers[0]!.data();
    return Array.from({ length: values.length / (h * w) }, (_, i) => {
      const own = values.subarray(i * h * w, (i + 1) * h * w);
      const mask = Uint8Array.from(own, (level) => (level >= 110 ? 2 : level >= 100 ? 1 : 0));
      if (model.name !== "boxes") return { mask };
      const lit = [...mask.keys()].filter((pixel) => mask[pixel]! > 0);
      const rows = lit.map((pixel) => Math.floor(pixel / w));
      const columns = lit.map((pixel) => pixel % w);
      const at = [Math.min(...rows), Math.min(...columns), Math.max(...rows) + 1, Math.max(...columns) + 1];
      return {
        boxes: [
          { at, class: 1, score: 0.9 },
          { at, class: 2, score: 0.35 },
          { at, class: 1, score: 0.02 },
        ],
      };
    });
  },
  examine: ({ classes, thresholds }) => ({
    add: () => undefined,
    read: async () => ({
      images: 1,
      error: 0,
      loss: 0,
      ece: null,
      classes: classes.map((name, at) => ({
        name,
        support: 1,
        precision: null,
        recall: null,
        ...(thresholds && { threshold: thresholds[at]! }),
      })),
      predictions: [],
    }),
  }),
  async draw({ rows, format: { h, w }, thresholds }) {
    const n = rows.images.length / (h * w);
    const images = new Uint8Array(n * 3 * h * w);
    images.forEach((_, at) => {
      const [cell, pixel] = [Math.floor(at / (h * w)), at % (h * w)];
      images[at] = cell % 3 === 2 ? (thresholds ? 77 : rows.images[Math.floor(cell / 3) * h * w + pixel]!) : 1;
    });
    return { images, format: { h, w, c: 1, range: [0, 255] }, columns: 3 };
  },
};
const levels: Plugin = { name: "levels", version: "1.0.0", register: (into) => into.scaffold(scaffold as Scaffold) };
const world = { cwd, createRegimen: () => createRegimen({ plugins: [cpu, data, levels], backend: "cpu" }) };

async function model(name: string, folder: string, metadata: object): Promise<void> {
  const made = tfl.sequential({
    name,
    layers: [tfl.layers.activation({ inputShape: [SIDE, SIDE, 1], activation: "linear" })],
  });
  await saveModel(made, join(cwd, folder, "model"), {
    format: 1,
    classes: CLASSES,
    input: { shape: [SIDE, SIDE, 1], range: [0, 255], fit: "cover", interpolation: "bilinear-antialias" },
    output: "probabilities",
    test: null,
    ...metadata,
  });
  made.dispose();
}
/** Dark, with a light rectangle; `turned`: as a camera held upright writes it. */
async function picture(file: string, w: number, h: number, [y0, x0, y1, x1]: readonly number[], turned = false) {
  const pixels = new Uint8Array(w * h);
  for (let y = y0!; y < y1!; y++) pixels.fill(250, y * w + x0!, y * w + x1!);
  const image = sharp(pixels, { raw: { width: w, height: h, channels: 1 } });
  await (turned ? image.withMetadata({ orientation: 6 }) : image).png().toFile(join(cwd, file));
}

beforeAll(async () => {
  const regimen = await world.createRegimen();
  await model("masks", "masks", { task: "semantic_segmentation" });
  await model("boxes", "boxes", { task: "detection", thresholds: [0.1, 0.5, 0.3] });
  await model("masks", "bare", { task: undefined });
  await regimen.dispose();
  for (const folder of ["new/a", "new/b"]) mkdirSync(join(cwd, folder), { recursive: true });
  await picture("new/a/wide.png", 32, 16, [4, 12, 12, 20]);
  await picture("new/a/wide.webp.png", 16, 16, [0, 0, 8, 8]);
  await picture("new/b/turned.png", 32, 16, [4, 12, 12, 20], true);
  writeFileSync(join(cwd, "new", "broken.png"), "no picture");
});
afterAll(() => tf.disposeVariables());

const lines = (out: string) =>
  out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const grey = async (file: string) => {
  const { data: pixels, info } = await sharp(join(cwd, file))
    .toColourspace("b-w")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { pixels: [...pixels], w: info.width, h: info.height };
};

describe("masks", () => {
  it("one line each, of the share of each class", async () => {
    const { code, out, err } = await cli(["predict", "--model", "masks", "new/a", "new/b"], world);
    expect(code).toBe(0);
    expect(err).not.toContain("broken");
    expect(lines(out)[0]).toEqual({
      file: "new/a/wide.png",
      class: "ground",
      probabilities: { ground: 0.75, light: 0, "strong light": 0.25 },
    });
  });

  it("as PNG of the file's own size: 255 where the model did not look; and overlays", async () => {
    const { code, out } = await cli(
      ["predict", "--model", "masks", "--out", "answers", "--overlays", "--json", "new"],
      world,
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { file: "new/a/wide.png", mask: "masks/a/wide.png" },
      { file: "new/a/wide.webp.png", mask: "masks/a/wide.webp.png" },
      { file: "new/b/turned.png", mask: "masks/b/turned.png" },
    ]);
    const { pixels, w, h } = await grey("answers/masks/a/wide.png");
    expect([w, h]).toEqual([32, 16]);
    // Cover: a square of 16 in the middle was seen.
    for (let y = 0; y < 16; y++)
      for (let x = 0; x < 32; x++) {
        const inside = y >= 4 && y < 12 && x >= 12 && x < 20;
        expect(pixels[y * 32 + x], `${y}, ${x}`).toBe(x < 8 || x >= 24 ? 255 : inside ? 2 : 0);
      }
    const turned = await grey("answers/masks/b/turned.png");
    expect([turned.w, turned.h]).toEqual([16, 32]);
    expect(readFileSync(join(cwd, "answers/classes.txt"), "utf8")).toBe("ground\nlight\nstrong light\n");
    expect(readFileSync(join(cwd, "answers/predictions.csv"), "utf8").split("\n").slice(0, 2)).toEqual([
      "file,mask,class,share_ground,share_light,share_strong light",
      "new/a/wide.png,masks/a/wide.png,ground,0.75,0,0.25",
    ]);
    const overlay = await grey("answers/overlays/a/wide.png");
    expect([overlay.w, overlay.h, Math.max(...overlay.pixels)]).toEqual([SIDE, SIDE, 250]);
  });

  it("can be trained on as they are", async () => {
    const regimen = await createRegimen({ plugins: [cpu, data], backend: "cpu" });
    const samples = await regimen.open(
      { format: "mask-folder", path: "answers", images: "../new/b", masks: "masks/b" },
      { base: cwd },
    );
    expect(samples.length).toBe(1);
    samples.dispose();
    await regimen.dispose();
  });

  it("a model without metadata that answers with a map gives masks", async () => {
    const { out } = await cli(["predict", "--model", "bare", "new/a/wide.png"], world);
    expect(lines(out)[0]).toMatchObject({ class: "ground" });
  });
});

describe("boxes", () => {
  it("one line each, above their classes' thresholds, in the file's own pixels", async () => {
    const { code, out } = await cli(["predict", "--model", "boxes", "new/a/wide.png", "new/b/turned.png"], world);
    expect(code).toBe(0);
    expect(lines(out)).toEqual([
      {
        file: "new/a/wide.png",
        objects: [
          { class: "light", score: 0.9, bbox: [12, 4, 8, 8] },
          { class: "strong light", score: 0.35, bbox: [12, 4, 8, 8] },
        ],
      },
      expect.objectContaining({
        // Turned by a quarter: 16 wide, 32 high.
        objects: [expect.objectContaining({ bbox: [4, 12, 8, 8] }), expect.anything()],
      }),
    ]);
  });

  it("all of them in COCO's results format", async () => {
    await cli(["predict", "--model", "boxes", "--out", "found", "--overlays", "new"], world);
    const found = JSON.parse(readFileSync(join(cwd, "found/detections.json"), "utf8")) as unknown[];
    expect(found).toHaveLength(9);
    expect(found[2]).toEqual({
      image_id: 1,
      category_id: 2,
      bbox: [12, 4, 8, 8],
      score: 0.02,
      file_name: "new/a/wide.png",
      category: "light",
    });
    expect(readFileSync(join(cwd, "found/predictions.csv"), "utf8").split("\n").slice(0, 2)).toEqual([
      "file,objects,n_ground,n_light,n_strong light",
      "new/a/wide.png,2,0,1,1",
    ]);
    // The scaffold was told the thresholds.
    expect(Math.max(...(await grey("found/overlays/b/turned.png")).pixels)).toBe(77);
  });
});

describe("evaluate", () => {
  it("reads a saved model with the thresholds that came with it", async () => {
    writeFileSync(join(cwd, "boxes.csv"), "path,label,xmin,ymin,xmax,ymax\nnew/a/wide.png,light,12,4,20,12\n");
    const { out, err } = await cli(["evaluate", "--model", "boxes", "--data", "boxes-csv:boxes.csv", "--json"], world);
    expect(err).not.toContain("REG_");
    const { classes } = JSON.parse(out) as { classes: { threshold?: number }[] };
    expect(classes.map(({ threshold }) => threshold)).toEqual([0.1, 0.5, 0.3]);
  });
});

describe("what cannot be done", () => {
  it("a folder that exists is left alone", async () => {
    mkdirSync(join(cwd, "there"));
    const { code, err } = await cli(["predict", "--model", "masks", "--out", "there", "new"], world);
    expect(code).toBe(2);
    expect(err).toContain("REG_RUN_EXISTS: there exists");
  });
  it("overlays need a folder", async () => {
    const { code, err } = await cli(["predict", "--model", "masks", "--overlays", "new"], world);
    expect(code).toBe(2);
    expect(err).toContain("--out DIR");
  });
  it("a task that no installed scaffold reads is named", async () => {
    const bare = { cwd, createRegimen: () => createRegimen({ plugins: [cpu, data], backend: "cpu" }) };
    const { err } = await cli(["predict", "--model", "boxes", "--out", "none", "new"], bare);
    expect(err).toContain("REG_SCAFFOLD_MISSING: boxes was trained for detection");
    expect(existsSync(join(cwd, "none"))).toBe(false);
  });
});
