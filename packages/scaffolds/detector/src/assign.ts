import type { Batch } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import { cellOf, cells, type Grid } from "./grid.ts";
import { sidesOf } from "./overlap.ts";

type Boxes = NonNullable<Batch["boxes"]>;

/** What each cell of a map should say. */
type Targets = {
  /** [n, cells, classes], 0..1; zeros where there is no object. */ readonly labels: Tensor3D;
  /** [n, cells, 4], pixels; of no meaning where `object` is 0. */ readonly boxes: Tensor3D;
  /** [n, cells]: the weight of the object that the cell stands for; 0 where there is none. */ readonly object: Tensor2D;
  /** [n, cells]: what the cell's classes count in the loss: `object`, 1 for background, 0 within a crowd or a difficult object. */
  readonly judged: Tensor2D;
};

/** A cell stands for an object when its centre is within so many cells of the object's (Tian et al. 2020, arXiv:2006.09214, section 3.1). */
const RADIUS = 1.5;
/** More pixels than any picture has. */
const NONE = 1e12;

/**
 * Which object each cell stands for, of boxes of fixed capacity: on the device, without a gradient. A cell's centre must be in
 * the box and within 1.5 cells of the box's centre; the cell that holds the centre stands for it in any case, so that no object
 * is too small. Of several objects the smallest in area counts. Weight 0 is padding; labels below 0 mark what is not to be judged.
 */
export function assign(boxes: Boxes, grid: Grid): Targets {
  const [n, capacity] = boxes.weights.shape;
  const count = grid.rows * grid.columns;
  const cell = cellOf(grid);
  const at = cells(grid);
  const wide = (t: Tensor) => tf.expandDims(t, 2);
  const [row, column] = [wide(at.row), wide(at.column)];
  // [n, 1, capacity], in cells.
  const [top, left, bottom, right] = sidesOf(boxes.at).map((side, i) =>
    tf.expandDims(tf.div(side, i % 2 ? cell.x : cell.y), 1),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const [y, x] = [tf.div(tf.add(top, bottom), 2), tf.div(tf.add(left, right), 2)];
  const [centreY, centreX] = [tf.add(row, 0.5), tf.add(column, 0.5)];
  const all = (...conditions: readonly Tensor[]) => conditions.reduce((a, b) => tf.logicalAnd(a, b));
  const inside = all(
    tf.greaterEqual(centreY, top),
    tf.less(centreY, bottom),
    tf.greaterEqual(centreX, left),
    tf.less(centreX, right),
  );
  const near = all(tf.lessEqual(tf.abs(tf.sub(centreY, y)), RADIUS), tf.lessEqual(tf.abs(tf.sub(centreX, x)), RADIUS));
  const held = (centre: Tensor, cells: number) => tf.clipByValue(tf.floor(centre), 0, cells - 1);
  const holds = all(tf.equal(row, held(y, grid.rows)), tf.equal(column, held(x, grid.columns)));
  const there = tf.greater(tf.expandDims(boxes.weights, 1), 0);
  const unjudged = tf.expandDims(tf.any(tf.less(boxes.labels, 0), 2), 1);
  const stands = all(there, tf.logicalNot(unjudged), tf.logicalOr(tf.logicalAnd(inside, near), holds));
  const area = tf.mul(tf.sub(bottom, top), tf.sub(right, left));
  const areas = tf.where(stands, tf.broadcastTo(area, [n, count, capacity]), tf.fill([n, count, capacity], NONE));
  const object = tf.any(stands, 2);
  const index = tf.add(
    tf.argMin(areas, 2),
    tf.mul(tf.reshape(tf.range(0, n, 1, "int32"), [n, 1]), tf.scalar(capacity, "int32")),
  );
  const flat = tf.cast(tf.reshape(index, [n * count]), "int32") as tf.Tensor1D;
  const pick = (of: Tensor, width: number) =>
    tf.reshape(tf.gather(tf.reshape(of, [n * capacity, width]), flat), [n, count, width]);
  const is = tf.cast(object, "float32");
  const classes = boxes.labels.shape[2];
  const weight = tf.mul(tf.squeeze(pick(boxes.weights, 1), [2]), is);
  const hidden = tf.any(all(there, unjudged, inside), 2);
  const background = tf.cast(tf.logicalNot(tf.logicalOr(object, hidden)), "float32");
  return {
    labels: tf.mul(pick(boxes.labels, classes), tf.expandDims(is, 2)) as Tensor3D,
    boxes: pick(boxes.at, 4) as Tensor3D,
    object: weight as Tensor2D,
    judged: tf.add(weight, background) as Tensor2D,
  };
}
