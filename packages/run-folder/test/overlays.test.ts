import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Evaluation, Pictures, Report, Scaffold } from "@regimen/contracts";
import { source } from "@regimen/sources";
import { decode } from "fast-png";
import { beforeAll, expect, it } from "vitest";
import { drawAnswers, withOverlays } from "../src/overlays.ts";

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

const [H, W] = [4, 6];
/** Row r is all of level 10 · r. */
const on = source({
  name: "levels",
  length: 5,
  format: { h: H, w: W, c: 1, range: [0, 255] },
  classes: ["ground", "thing"],
  skipped: [],
  labels: () => undefined,
  id: (row) => `level ${row}`,
  read: async (rows) => ({
    images: Uint8Array.from({ length: rows.length * H * W }, (_, at) => 10 * rows[Math.floor(at / (H * W))]!),
  }),
  dispose: () => undefined,
});
/** Answers with the images and a little more. */
const model = (more: number) => ({ predict: (images: tf.Tensor) => tf.add(images, more) }) as unknown as LayersModel;
const asked: unknown[] = [];
/** Three grey levels a row: the image's, 200, the answer's. */
const scaffold = {
  async draw({ rows, answers, format: { h, w }, thresholds }): Promise<Pictures> {
    asked.push(thresholds);
    const said = await answers[0]!.data();
    const images = new Uint8Array(answers[0]!.shape[0]! * 3 * h * w);
    for (let at = 0; at < images.length; at++) {
      const [cell, pixel] = [Math.floor(at / (h * w)), at % (h * w)];
      const from = Math.floor(cell / 3) * h * w + pixel;
      images[at] = [rows.images[from]!, 200, said[from]!][cell % 3]!;
    }
    return { images, format: { h, w, c: 1, range: [0, 255] }, columns: 3, colours: [null, [1, 2, 255]] };
  },
} as Pick<Scaffold, "draw"> as Scaffold;
const judged = (...thresholds: number[]): Pick<Evaluation, "classes"> => ({
  classes: ["ground", "thing"].map((name, k) => ({
    name,
    support: 1,
    precision: 1,
    recall: 1,
    ...(k in thresholds && { threshold: thresholds[k]! }),
  })),
});
const worst: Report["worst"] = [4, 2, 0].map((row) => ({
  id: `level ${row}`,
  error: row / 5,
  baseline: null,
  image: null,
  several: null,
}));
const levels = (address: string): number[] => {
  const { data, width, channels } = decode(Buffer.from(address.split(",")[1]!, "base64"));
  return Array.from({ length: width / W }, (_, cell) => data[(cell * W + 2) * channels]!);
};

it("puts image, truth, the baseline's answer and Regimen's side by side, for the rows that were drawn", async () => {
  const rows = [4, 2];
  const before = tf.memory().numTensors;
  const drawn = {
    baseline: await drawAnswers(scaffold, model(7), judged(), on, rows),
    regimen: await drawAnswers(scaffold, model(3), judged(0.2, 0.4), on, rows),
  };
  expect(tf.memory().numTensors).toBe(before);
  expect(asked).toEqual([undefined, [0.2, 0.4]]);
  const { worst: listed, overlays } = await withOverlays({ worst }, drawn, on, rows);
  expect(listed!.map(({ image }) => image && levels(image))).toEqual([[40, 200, 47, 43], [20, 200, 27, 23], null]);
  expect(overlays).toEqual({
    columns: ["image", "truth", "baseline", "Regimen"],
    colours: [
      { name: "ground", colour: null },
      { name: "thing", colour: "#0102ff" },
    ],
  });
  const alone = await withOverlays({ worst }, { ...drawn, baseline: undefined }, on, rows);
  expect(levels(alone.worst![0]!.image!)).toEqual([40, 200, 43]);
  expect(alone.overlays!.columns).toEqual(["image", "truth", "Regimen"]);
});

it("without a scaffold that draws, shows the images as they are; and nothing where answers are right or wrong", async () => {
  expect(await drawAnswers({} as Scaffold, model(0), judged(), on, [1])).toBeUndefined();
  const none = { baseline: undefined, regimen: undefined };
  const shown = await withOverlays({ worst }, none, { ...on, picture: async (row) => `picture ${row}` }, [4, 2]);
  expect(shown.worst!.map(({ image }) => image)).toEqual(["picture 4", "picture 2", null]);
  expect(shown.overlays).toBeNull();
  expect(await withOverlays({ worst: null }, none, on, [])).toEqual({ worst: null, overlays: null });
});

it("shrinks what is too large", async () => {
  const noise = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * i * 7919 + i * 104729) % 251);
  const side = 400;
  const pictures: Pictures = {
    images: noise(3 * side * side * 3),
    format: { h: side, w: side, c: 3, range: [0, 255] },
    columns: 3,
  };
  const { worst: listed } = await withOverlays({ worst }, { baseline: undefined, regimen: pictures }, on, [4]);
  expect(listed![0]!.image!.length).toBeLessThan(165_000);
});
