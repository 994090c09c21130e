import "@tensorflow/tfjs-backend-cpu";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  IGNORED,
  ORIGIN,
  applyPending,
  batchOf,
  createRegimen,
  createRng,
  loadModel,
  type MetaLearner,
  type Samples,
} from "@regimen/core";
import { affineWarp, composeWarp, identityWarp } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import segmenter from "../src/index.ts";

beforeAll(() => tf.setBackend("cpu"));
const folder = mkdtempSync(join(tmpdir(), "regimen-segmenter-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIDE = 8;
/** Bright discs on dark ground; the first row of each mask is ignored. */
function discs(name: string, n: number): Samples {
  const rng = createRng(name);
  const centres = Array.from({ length: n }, () => [2 + rng.int(4), 2 + rng.int(4)] as const);
  const inside = (row: number, at: number): boolean =>
    Math.hypot(Math.floor(at / SIDE) - centres[row]![0], (at % SIDE) - centres[row]![1]) < 2.5;
  const pixels = (rows: ArrayLike<number>, of: (row: number, at: number) => number): number[] =>
    Array.from(rows).flatMap((row) => Array.from({ length: SIDE * SIDE }, (_, at) => of(row, at)));
  return {
    name,
    length: n,
    format: { h: SIDE, w: SIDE, c: 1, range: [0, 255] },
    classes: ["ground", "disc"],
    skipped: [],
    labels: () => Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? 0.3 : 0.7)),
    id: (row) => `${name}/${row}.png`,
    read: async (rows) => ({
      images: Uint8Array.from(pixels(rows, (row, at) => (inside(row, at) ? 180 : 40) + ((row + 7 * at) % 30))),
      masks: Int32Array.from(pixels(rows, (row, at) => (at < SIDE ? IGNORED : Number(inside(row, at))))),
    }),
    dispose: () => undefined,
  };
}
const model = (): tfl.LayersModel => {
  const conv = (filters: number, name: string, activation: "relu" | "softmax", first = {}) =>
    tfl.layers.conv2d({ filters, kernelSize: 3, padding: "same", name, activation, ...first });
  return tfl.sequential({ layers: [conv(4, "a", "relu", { inputShape: [SIDE, SIDE, 1] }), conv(2, "out", "softmax")] });
};
const data = () => ({ train: discs("train", 60), validation: discs("val", 12), test: discs("test", 20) });
const training = { epochs: 12, batchSize: 10, learningRate: 0.01, optimizer: "adam" } as const;
const task = "semantic_segmentation";

test("a training from masks to a plain model, its test and what it leaves in its folder", async () => {
  const regimen = await createRegimen({ plugins: [segmenter], backend: "current" });
  const out = join(folder, "fit");
  const own = model();
  const result = await regimen.fit({ model: own, data: data(), task, training, policy: "none", seed: 1, out });
  const { test: tested } = result;
  expect(tested!.error).toBeLessThan(0.25);
  expect(tested!.classes.map(({ name }) => name)).toEqual(["ground", "disc"]);
  expect(tested!.classes[1]!.iou).toBeGreaterThan(0.6);
  const [head, first] = readFileSync(join(out, "predictions.csv"), "utf8").split("\n");
  expect(head).toBe("id,iou,iou_ground,iou_disc");
  expect(Number(first!.split(",")[1])).toBeCloseTo(1 - tested!.predictions[0]!.error!, 6);
  expect(JSON.parse(readFileSync(join(out, "model/metadata.json"), "utf8"))).toMatchObject({
    task,
    output: "probabilities",
  });
  expect(existsSync(join(out, "shown/test-answers.png"))).toBe(true);
  const { rows } = JSON.parse(readFileSync(join(out, "shown/test-answers.json"), "utf8")) as {
    rows: { error: number }[];
  };
  expect(rows[0]!.error).toBe(Math.max(...tested!.predictions.map(({ error }) => error!)));
  const loaded = await loadModel(join(out, "model"));
  const again = await regimen.evaluate({ model: loaded, data: discs("test", 20), task });
  expect(again.error).toBeCloseTo(tested!.error, 9);
}, 60_000);

test("masks of nothing but the ground are refused", async () => {
  const regimen = await createRegimen({ plugins: [segmenter], backend: "current" });
  const bare: Samples = {
    ...discs("bare", 20),
    labels: () => Float32Array.from({ length: 40 }, (_, i) => (i + 1) % 2),
  };
  const fitted = regimen.fit({ model: model(), data: { ...data(), train: bare }, task, training, policy: "none" });
  await expect(fitted).rejects.toThrow(/REG_DATA_ONE_CLASS.*one class only \(ground\).*at least two/);
});

/** Nothing to search: the final training is the plain one. */
const nothing: MetaLearner<null> = {
  name: "nothing",
  claims: () => false,
  init: () => null,
  ask: (state) => [{ kind: "done", ok: true }, state],
  tell: (state) => state,
  best: () => ({ steps: [] }),
};

test("the report: pixels in the confusion, each class's overlap, the worst images, a paired interval", async () => {
  const regimen = await createRegimen({ plugins: [segmenter], backend: "current" });
  const short = { ...training, epochs: 3 };
  const { report } = await regimen.train({
    model: model(),
    data: data(),
    task,
    training: short,
    metalearner: nothing,
    search: { budget: 0.5 },
    seed: 1,
  });
  expect(report.dataset.task).toBe(task);
  expect(report.dataset.classes[1]!.train).toBe(60);
  expect(report.classes[1]!.regimen.iou).toBeGreaterThanOrEqual(0);
  const pixels = report.confusion.regimen.flat().reduce((a, b) => a + b, 0);
  expect(pixels).toBe(20 * SIDE * (SIDE - 1));
  expect(report.error).toMatchObject({ fixed: null, broken: null, p: null, images: 20 });
  expect(report.error.interval).toHaveLength(2);
  expect(report.worst).toHaveLength(20);
  expect(report.worst![0]!.error).toBeGreaterThanOrEqual(report.worst![19]!.error);
  expect(report.misclassified).toEqual([]);
  expect(JSON.stringify(report)).not.toContain("undefined");
}, 60_000);

describe("a warped mask is the mask of the warped scene", () => {
  test("but within a pixel of an edge, for any affine map", () => {
    const [size, centre, radius] = [24, 11.3, 6.4];
    const disc = (x: number, y: number): number => Number(Math.hypot(x - centre, y - centre) < radius);
    const masks = Int32Array.from({ length: size * size }, (_, at) => disc(at % size, Math.floor(at / size)));
    const rows = {
      images: Float32Array.from(masks, (k) => 200 * k),
      labels: Float32Array.of(1, 0),
      weights: Float32Array.of(1),
      origin: Float32Array.of(ORIGIN.labelled),
      masks,
    };
    const shape = { n: 1, h: size, w: size, c: 1, classes: 2, range: [0, 255] as const };
    const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });
    const one = (value: number): tf.Tensor1D => tf.tensor1d([value]);
    fc.assert(
      fc.property(between(-1, 1), between(-0.4, 0.4), between(0.7, 1.4), fc.boolean(), (angle, shear, zoom, flip) => {
        const { found, seen, map } = tf.tidy(() => {
          const batch = batchOf(rows, shape);
          const parts = {
            angle: one(angle),
            shearX: one(shear),
            scaleX: one(zoom),
            scaleY: one(zoom),
            flipX: one(Number(flip)),
          };
          const warp = composeWarp(identityWarp(1), affineWarp(shape, parts));
          const done = applyPending({ ...batch, warp }, batch);
          return { found: done.masks!.dataSync(), seen: done.images.dataSync(), map: warp.dataSync() };
        });
        found.forEach((k, at) => {
          const [x, y] = [at % size, Math.floor(at / size)];
          const [u, v] = [map[0]! * x + map[1]! * y + map[2]!, map[3]! * x + map[4]! * y + map[5]!];
          if (u < 0 || v < 0 || u > size - 1 || v > size - 1) return; // mirrored in from outside
          if (Math.abs(Math.hypot(u - centre, v - centre) - radius) > Math.SQRT1_2 + 1e-3) expect(k).toBe(disc(u, v));
          // Where the image is one colour all around, the mask is of that colour.
          if (seen[at] === 0 || seen[at] === 200) expect(k).toBe(seen[at] / 200);
        });
      }),
      { numRuns: 40, seed: 5 },
    );
  });
});
