import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { drawBoxes } from "../src/draw.ts";
import { DetectorExaminer } from "../src/examiner.ts";
import { detector } from "../src/index.ts";
import { batchOf, mapOf, type Row } from "./fixtures.ts";

beforeAll(() => tf.setBackend("cpu").then(() => undefined));

const SIZE = { h: 32, w: 48 };
/** One object of each size, a crowd that nobody judges, and an image without objects. */
const truth: Row[][] = [
  [
    [4, 4, 20, 20, 0, 1],
    [8, 24, 24, 44, 1, 1],
  ],
  [
    [2, 2, 30, 30, 0, 1],
    [0, 40, 6, 46, 1, 1],
    [16, 32, 32, 48, 1, 1, -2],
  ],
  [],
];
const answers = [
  [
    [0, 3, 4, 4, 20, 20],
    [1, 2, 8, 24, 24, 44],
  ],
  [
    [0, -3, 2, 2, 30, 30],
    [1, 1, 2, 20, 10, 30],
  ],
  [[1, 0, 0, 0, 10, 10]],
];
const examine = async (rows: readonly number[]) => {
  const examiner = new DetectorExaminer(["cat", "dog"], SIZE);
  examiner.add([mapOf(rows.map((row) => answers[row]!))], batchOf(rows.map((row) => truth[row]!)));
  return examiner.read(String);
};

it("the error of images counted twice is that of the images twice", async () => {
  const once = await examine([0, 1, 2]);
  expect(once.errorOf!([1, 1, 1])).toBeCloseTo(once.error, 12);
  for (const counts of [
    [2, 1, 0],
    [0, 1, 3],
    [1, 0, 2],
  ]) {
    const rows = counts.flatMap((times, row) => Array.from({ length: times }, () => row));
    expect(once.errorOf!(counts), String(counts)).toBeCloseTo((await examine(rows)).error, 12);
  }
  expect(once.errorOf!([0, 0, 5])).toBeNaN();
});

it("curves lie over the average precision that the classes have, and end where recall does", async () => {
  const { exhibits, classes, terms } = await examine([0, 1, 2]);
  const [bars, curves, sizes] = exhibits!;
  expect(terms!.unit).toBe("object");
  expect(bars).toMatchObject({ kind: "bars", measures: ["AP@0.5", "AP@0.5:0.95"] });
  if (curves?.kind !== "curves" || sizes?.kind !== "bars") throw new Error("other exhibits than expected");
  curves.lines.forEach(({ name, value, points, at }, k) => {
    expect([name, value]).toEqual([classes[k]!.name, classes[k]!.averagePrecision]);
    const area = points.reduce((sum, [r, p], i) => sum + (r - (points[i - 1]?.[0] ?? 0)) * p, 0);
    // COCO reads it at 101 recalls.
    expect(Math.abs(area - value!)).toBeLessThan(0.02);
    expect(at).toEqual(classes[k]!.recall === null ? null : [classes[k]!.recall, classes[k]!.precision]);
    for (const [i, [recall, precision]] of points.entries()) {
      expect(recall).toBeGreaterThan(points[i - 1]?.[0] ?? 0);
      expect(precision).toBeLessThanOrEqual(points[i - 1]?.[1] ?? 1);
    }
  });
  // Sides 16, 17.9, 28 and 6 in an image of 39.2: the first two found, the third of too little score, the last missed; the crowd is none.
  expect(sizes.rows).toEqual([
    { name: "4.9 to 9.8 px", count: 1, values: [0] },
    { name: "9.8 to 20 px", count: 2, values: [1] },
    { name: "20 px and more", count: 1, values: [0] },
  ]);
  expect(JSON.parse(JSON.stringify(exhibits))).toEqual(exhibits);
});

it("answers with the boxes of each image, best first", async () => {
  const map = mapOf(answers);
  const before = tf.memory().numTensors;
  const said = await detector.answer!({ answers: [map], model: {} as never, format: { ...SIZE, c: 1, range: [0, 1] } });
  expect(tf.memory().numTensors).toBe(before);
  expect(said.map(({ boxes }) => boxes!.length)).toEqual([2, 2, 1]);
  expect(said[0]!.boxes![0]!.class).toBe(0);
  expect(said[0]!.boxes![0]!.score).toBeCloseTo(1 / (1 + Math.exp(-3)), 5);
  [4, 4, 20, 20].forEach((side, i) => expect(said[0]!.boxes![0]!.at[i]).toBeCloseTo(side, 3));
});

it("draws what is above its class's threshold, and tells the colours", async () => {
  const map = mapOf([answers[0]!]);
  const rows = { images: new Float32Array(32 * 48) };
  const coloured = async (thresholds?: number[]) => {
    const { images, colours } = await drawBoxes(rows, map, { ...SIZE, c: 1, range: [0, 1] }, thresholds);
    expect(colours).toHaveLength(2);
    const picture = images.length / 3;
    const own = images.subarray(2 * picture);
    return colours!.map((colour) => own.some((_, i) => i % 3 === 0 && colour!.every((v, k) => own[i + k] === v)));
  };
  expect(await coloured()).toEqual([true, true]);
  expect(await coloured([0.3, 0.99])).toEqual([true, false]);
});
