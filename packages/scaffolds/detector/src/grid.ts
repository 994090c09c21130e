import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** How a map of `rows` × `columns` cells lies over a picture of `h` × `w` pixels. */
export type Grid = { readonly rows: number; readonly columns: number; readonly h: number; readonly w: number };

/** Sides above so many pictures are no sides: keeps `exp` finite whatever a map says. */
const LARGEST = 4;

export function gridOf(map: Tensor4D, { h, w }: Pick<Grid, "h" | "w">): Grid {
  const [, rows, columns] = map.shape;
  return { rows, columns, h, w };
}

/** The height and width of a cell in pixels. */
export const cellOf = ({ rows, columns, h, w }: Grid) => ({ y: h / rows, x: w / columns });

/** The numbers of every cell's row and column, row by row: [1, rows · columns] each. */
export function cells({ rows, columns }: Grid): { readonly row: Tensor; readonly column: Tensor } {
  const all = [rows, columns];
  const flat = (t: Tensor) => tf.reshape(tf.broadcastTo(t, all), [1, rows * columns]);
  return {
    row: flat(tf.reshape(tf.range(0, rows), [rows, 1])),
    column: flat(tf.reshape(tf.range(0, columns), [1, columns])),
  };
}

/** What a detector's map [n, rows, columns, classes + 4] says: class logits [n, cells, classes], and boxes in its own units [n, cells, 4]. */
export function partsOf(map: Tensor4D): { readonly logits: Tensor3D; readonly raw: Tensor3D } {
  const [n, rows, columns, depth] = map.shape;
  const flat = tf.reshape(map, [n, rows * columns, depth]);
  const classes = depth - 4;
  return {
    logits: tf.slice(flat, [0, 0, 0], [n, rows * columns, classes]) as Tensor3D,
    raw: tf.slice(flat, [0, 0, classes], [n, rows * columns, 4]) as Tensor3D,
  };
}

/**
 * Boxes [n, cells, 4] as [y0, x0, y1, x1] in pixels, of what a map says of each cell: how far the box's centre is from the
 * cell's (down, right) and the logarithms of its height and width, all in cells. Not clipped to the picture.
 */
export function boxesFrom(raw: Tensor3D, grid: Grid): Tensor3D {
  const cell = cellOf(grid);
  const { row, column } = cells(grid);
  const [down, right, height, width] = tf.split(raw, 4, 2).map((part) => tf.squeeze(part, [2])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const middle = (at: Tensor, by: Tensor, side: number) => tf.mul(tf.add(tf.add(at, 0.5), by), side);
  const half = (log: Tensor, count: number, side: number) =>
    tf.mul(tf.exp(tf.minimum(log, Math.log(LARGEST * count))), side / 2);
  const [y, x] = [middle(row, down, cell.y), middle(column, right, cell.x)];
  const [dy, dx] = [half(height, grid.rows, cell.y), half(width, grid.columns, cell.x)];
  return tf.stack([tf.sub(y, dy), tf.sub(x, dx), tf.add(y, dy), tf.add(x, dx)], 2) as Tensor3D;
}
