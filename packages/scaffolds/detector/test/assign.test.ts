import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { assign } from "../src/assign.ts";
import { boxesFrom, type Grid } from "../src/grid.ts";
import { batchOf, type Row } from "./fixtures.ts";

/** The rule of the docstring, cell by cell. */
function slowly(boxes: readonly Row[], { rows, columns, h, w }: Grid) {
  const [sy, sx] = [h / rows, w / columns];
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const [y, x] = [(row + 0.5) * sy, (column + 0.5) * sx];
    const inside = ([y0, x0, y1, x1]: Row) => y >= y0 && y < y1 && x >= x0 && x < x1;
    const mine = boxes.filter((box) => {
      const [y0, x0, y1, x1, , weight, is = 1] = box;
      if (weight <= 0 || is < 0) return false;
      const [cy, cx] = [(y0 + y1) / 2, (x0 + x1) / 2];
      const home =
        row === Math.min(rows - 1, Math.max(0, Math.floor(cy / sy))) &&
        column === Math.min(columns - 1, Math.max(0, Math.floor(cx / sx)));
      return home || (inside(box) && Math.abs(y - cy) <= 1.5 * sy && Math.abs(x - cx) <= 1.5 * sx);
    });
    const area = ([y0, x0, y1, x1]: Row) => (y1 - y0) * (x1 - x0);
    const best = mine.reduce<Row | undefined>((a, b) => (a && area(a) <= area(b) ? a : b), undefined);
    const hidden = boxes.some((box) => box[5] > 0 && (box[6] ?? 1) < 0 && inside(box));
    return {
      box: best?.slice(0, 4),
      label: best?.[4],
      object: best?.[5] ?? 0,
      judged: best ? best[5] : hidden ? 0 : 1,
    };
  });
}

const grid: Grid = { rows: 4, columns: 6, h: 32, w: 48 };
// Quarters of a pixel: no float32 rounding decides which cell a centre is in.
const quarter = (max: number) => fc.integer({ min: 0, max: 4 * max }).map((v) => v / 4);
const row: fc.Arbitrary<Row> = fc
  .tuple(
    quarter(28),
    quarter(44),
    quarter(32),
    quarter(48),
    fc.nat(1),
    fc.constantFrom(0, 0.25, 1),
    fc.constantFrom(1, 1, 1, -1, -2),
  )
  .map(([y, x, h, w, k, weight, is]) => [y, x, Math.min(32, y + h + 0.25), Math.min(48, x + w + 0.25), k, weight, is]);

describe.each(["cpu", "wasm"])("assign, on %s", (backend) => {
  beforeAll(async () => {
    if (backend === "wasm") await wasm.load();
    await tf.setBackend(backend);
  });

  it("does what a slow transcription of its rule does", () => {
    fc.assert(
      fc.property(fc.array(fc.array(row, { maxLength: 5 }), { minLength: 1, maxLength: 3 }), (images) => {
        tf.tidy(() => {
          const { labels, boxes, object, judged } = assign(batchOf(images).boxes!, grid);
          const got = [labels, boxes, object, judged].map((t) => t.arraySync()) as [
            number[][][],
            number[][][],
            number[][],
            number[][],
          ];
          images.forEach((rows, i) =>
            slowly(rows, grid).forEach((cell, j) => {
              expect(got[2][i]![j]).toBe(cell.object);
              expect(got[3][i]![j]).toBe(cell.judged);
              expect(got[0][i]![j]!.map((value) => value + 0)).toEqual([0, 1].map((k) => Number(k === cell.label)));
              if (cell.box) expect(got[1][i]![j]).toEqual(cell.box);
            }),
          );
        });
      }),
      { numRuns: 60 },
    );
  });

  it("no object is without a cell, however small, unless a smaller one has it", () => {
    const { object } = assign(
      batchOf([
        [
          [0, 0, 0.5, 0.5, 0, 1],
          [31, 47, 32, 48, 1, 1],
          [9, 9, 10, 10, 1, 1],
        ],
      ]).boxes!,
      grid,
    );
    expect(tf.sum(object).dataSync()[0]).toBe(3);
  });
});

it("boxesFrom undoes the encoding: centre from the cell's, log size in cells", () => {
  const raw = tf.tidy(() => {
    const cells = Array.from({ length: 24 }, (_, i) =>
      i === 8 ? [0.25, -0.5, Math.log(2), Math.log(0.5)] : [0, 0, 0, 0],
    );
    return tf.tensor3d([cells]);
  });
  const boxes = (boxesFrom(raw, grid).arraySync() as number[][][])[0]!;
  // Cell 8: row 1, column 2; centre (1.75, 2.0) cells = (14, 16) pixels; 16 × 4 pixels.
  [6, 14, 22, 18].forEach((side, i) => expect(boxes[8]![i]).toBeCloseTo(side, 5));
  [0, 0, 8, 8].forEach((side, i) => expect(boxes[0]![i]).toBeCloseTo(side, 5));
});
