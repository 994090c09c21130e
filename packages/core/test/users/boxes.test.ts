// Boxes and masks through a warp, a colour map and a paste, against numbers worked out by hand.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import {
  ORIGIN,
  StageState,
  applyBatch,
  batchOf,
  composePolicy,
  createRng,
  createStep,
  drawFor,
  type Batch,
  type Composition,
  type Draw,
  type Rows,
  type Shape,
  type Technique,
} from "@regimen/core";
import { technique, uses } from "../support/jobs.ts";

beforeAll(() => tf.setBackend("cpu"));
const SHAPE: Shape = { n: 2, h: 4, w: 4, c: 1, range: [0, 255], classes: 2 };

const NOWHERE = [0, 0, 0, 0];

/** Pixel (y, x) of image i is 100 i + 10 y + x; the mask is 1 where x < 2; two boxes and a place for a third. */
function rows(): Rows {
  const each = (of: (i: number, y: number, x: number) => number): number[] =>
    Array.from({ length: 32 }, (_, at) => of(at >> 4, (at >> 2) & 3, at & 3));
  return {
    images: Float32Array.from(each((i, y, x) => 100 * i + 10 * y + x)),
    labels: Float32Array.of(1, 0, 0, 1),
    weights: Float32Array.of(1, 0.5),
    origin: Float32Array.of(ORIGIN.labelled, ORIGIN.added),
    boxes: {
      at: Float32Array.from([[1, 0, 3, 2], [0, 2, 2, 4], NOWHERE, [0, 0, 4, 4], [2, 1, 3, 2], NOWHERE].flat()),
      labels: Float32Array.from(
        [
          [1, 0],
          [0, 1],
          [0, 0],
          [0, 1],
          [1, 0],
          [0, 0],
        ].flat(),
      ),
      weights: Float32Array.of(1, 1, 0, 1, 0.5, 0),
    },
    masks: Int32Array.from(each((_i, _y, x) => Number(x < 2))),
  };
}

type Seen = {
  images: number[][][];
  masks: number[][][];
  at: number[][][];
  boxWeights: number[][];
  boxLabels: number[][][];
  labels: number[][];
  weights: number[];
};
function act(techniques: readonly Technique[], touched: Readonly<Record<string, Draw>> = {}): Seen {
  const composition = compose(techniques);
  const state = new StageState();
  const seen = tf.tidy(() => {
    const draws = { ...drawFor(composition.members, createRng(1), SHAPE), ...touched };
    const step = createStep({ index: 0, progress: 0, rates: { default: 1 }, seed: Int32Array.of(1, 2), draws }, state);
    const batch = applyBatch(composition.members, batchOf(rows(), SHAPE), step);
    return {
      images: tf.squeeze(batch.images, [3]).arraySync() as number[][][],
      masks: batch.masks!.arraySync(),
      at: batch.boxes!.at.arraySync(),
      boxWeights: batch.boxes!.weights.arraySync(),
      boxLabels: batch.boxes!.labels.arraySync(),
      labels: batch.labels.arraySync(),
      weights: batch.weights.arraySync(),
    };
  });
  state.dispose();
  return seen;
}
const compose = (techniques: readonly Technique[]): Composition =>
  composePolicy(uses(...techniques.map(({ name }) => name)), techniques, { task: "classification", facts: [] });

/** Maps output to input pixels: x ← a x + b, y ← y + c. */
const mapping = (name: string, [a, b, c]: readonly [number, number, number], rate = 1): Technique =>
  technique<{ rate: number }>({
    name,
    order: { slot: "space" },
    space: { rate: { kind: "rr", range: [0, 1], default: rate, off: 0 } },
    create: () => ({
      batch: (batch) => ({
        ...batch,
        warp: tf.tile(tf.tensor2d([[a, 0, b, 0, 1, c, 0, 0]]), [batch.shape.n, 1]) as Tensor2D,
      }),
    }),
  });
const MIRROR = [-1, 3, 0] as const;
/** What touches an example, by hand. */
const only = (name: string, ...mask: number[]) => ({ [`${name}/touched`]: { touched: Float32Array.from(mask) } });

describe("a warp", () => {
  it("mirrors images, masks and boxes alike", () => {
    const { images, masks, at, boxWeights, boxLabels } = act([mapping("mirror", MIRROR)]);
    expect(images[0]).toEqual([
      [3, 2, 1, 0],
      [13, 12, 11, 10],
      [23, 22, 21, 20],
      [33, 32, 31, 30],
    ]);
    expect(masks[0]![0]).toEqual([0, 0, 1, 1]);
    expect(at[0]!.slice(0, 2)).toEqual([
      [1, 2, 3, 4],
      [0, 0, 2, 2],
    ]);
    expect(at[1]!.slice(0, 2)).toEqual([
      [0, 0, 4, 4],
      [2, 2, 3, 3],
    ]);
    expect(boxWeights).toEqual([
      [1, 1, 0],
      [1, 0.5, 0],
    ]);
    expect(boxLabels[0]![1]).toEqual([0, 1]);
  });

  it("clips boxes that leave the picture, drops those of which less than a quarter stays, and fills with grey", () => {
    // Output x shows input x − 1.75: content moves 1.75 pixels to the right.
    const { images, masks, at, boxWeights } = act([mapping("shift", [1, -1.75, 0])]);
    // Columns 0 and 1 begin outside; column 2 lies a quarter of a pixel into the image.
    expect(images[0]![0]![0]).toBe(127.5);
    expect(images[0]![0]![3]).toBeCloseTo(1.25, 5);
    expect(masks[0]![0]).toEqual([0, 0, 1, 1]);
    // [1, 0, 3, 2] becomes [1, 1.75, 3, 3.75]; [0, 2, 2, 4] would reach to 5.75 and keeps 0.25 of its 2 pixels: an eighth.
    expect(at[0]!.slice(0, 2)).toEqual([
      [1, 1.75, 3, 3.75],
      [0, 3.75, 2, 4],
    ]);
    expect(boxWeights[0]).toEqual([1, 0, 0]);
    // The whole image keeps 2.25 of 4 columns.
    expect(at[1]![0]).toEqual([0, 1.75, 4, 4]);
    expect(boxWeights[1]).toEqual([1, 0.5, 0]);
    // At exactly a quarter it stays: half a pixel of two.
    expect(act([mapping("shift", [1, -1.5, 0])]).boxWeights[0]).toEqual([1, 1, 0]);
  });

  it("takes the box around a turned box's corners", () => {
    // A quarter turn about the centre (1.5, 1.5): output (x, y) shows input (y, 3 − x).
    const turn = technique({
      name: "turn",
      order: { slot: "space" },
      create: () => ({
        batch: (batch) => ({ ...batch, warp: tf.tile(tf.tensor2d([[0, 1, 0, -1, 0, 3, 0, 0]]), [2, 1]) as Tensor2D }),
      }),
    });
    const { images, at, boxWeights } = act([turn]);
    expect(images[0]![0]).toEqual([30, 20, 10, 0]);
    // Input [y 1..3, x 0..2] comes to x = 3 − y' …: rows 0..2, columns 1..3.
    expect(at[0]!.slice(0, 2)).toEqual([
      [0, 1, 2, 3],
      [2, 2, 4, 4],
    ]);
    expect(boxWeights[0]).toEqual([1, 1, 0]);
  });

  it("touches whom it is told to, and leaves the others as they were, to the bit", () => {
    const mirror = mapping("mirror", MIRROR, 0.5);
    const none = act([mapping("mirror", MIRROR, 0)]);
    const all = act([mapping("mirror", MIRROR)]);
    const second = act([mirror], only("mirror", 0, 1));
    for (const key of ["images", "masks", "at", "boxWeights"] as const) {
      expect(second[key][0]).toEqual(none[key][0]);
      expect(second[key][1]).toEqual(all[key][1]);
    }
  });

  it("resamples once, whatever several edit, and before any texture", () => {
    const order: number[] = [];
    const looks = (name: string, slot: "texture" | "colour") =>
      technique({
        name,
        order: { slot },
        create: () => ({
          batch: (batch) => {
            order.push(batch.images.arraySync()[0]![0]![0]![0]!);
            return batch;
          },
        }),
      });
    const back = technique({
      name: "z-back",
      order: { slot: "space" },
      // Half a pixel more on top of what is pending: [1 0 .5] once again.
      create: () => ({
        batch: (batch) => ({
          ...batch,
          warp: tf.add(batch.warp, tf.tensor2d([[0, 0, 0.5, 0, 0, 0, 0, 0]])) as Tensor2D,
        }),
      }),
    });
    const { images } = act([mapping("half", [1, 0.5, 0]), back, looks("early", "colour"), looks("late", "texture")]);
    // A whole pixel: two resamplings by a half would have blurred.
    expect(images[0]![0]!.slice(0, 3)).toEqual([1, 2, 3]);
    expect(order).toEqual([0, 1]);
  });

  it("is followed by the colour map, in units of the range", () => {
    const darker = technique({
      name: "darker",
      order: { slot: "colour" },
      create: () => ({ batch: (batch) => ({ ...batch, colour: tf.tensor3d([[[2, 0.1]], [[1, -1]]]) as Tensor3D }) }),
    });
    const { images, masks, at } = act([darker, mapping("mirror", MIRROR)]);
    expect(images[0]![0]![0]).toBeCloseTo(2 * 3 + 25.5, 4);
    expect(images[1]!.flat().every((value) => value <= 0)).toBe(true);
    expect(masks[0]![0]).toEqual([0, 0, 1, 1]);
    expect(at[0]![0]).toEqual([1, 2, 3, 4]);
  });

  it.each(["warp", "colour"] as const)("edits of batch.%s after they were applied are refused by name", (what) => {
    const late = technique({
      name: "late",
      order: { slot: "mix" },
      create: () => ({ batch: (batch: Batch) => ({ ...batch, [what]: tf.add(batch[what], 0.1) }) }),
    });
    expect(() => act([late])).toThrow(/REG_HOOK.*batch\.warp or batch\.colour/);
    expect(() => act([late, mapping("mirror", MIRROR)])).toThrow("REG_HOOK");
  });
});

/** Pastes the partner's rectangle, boxes and masks with it: a CutMix for pictures (Yun 2019, carried over to boxes). */
const paste = (box: readonly [number, number, number, number]): Technique =>
  technique({
    name: "paste",
    order: { slot: "mix" },
    create: () => ({
      draw: (_rng, { n }) => ({
        partner: Int32Array.from({ length: n }, (_, i) => n - 1 - i),
        box: Float32Array.from(box),
      }),
      batch: (batch, { fed }) => {
        const { n, h, w } = batch.shape;
        const [y0, x0, y1, x1] = tf.split(fed["box"]!, 4).map((side) => tf.reshape(side, [1, 1, 1])) as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
        ];
        const [ys, xs] = [tf.reshape(tf.range(0, h), [1, h, 1]), tf.reshape(tf.range(0, w), [1, 1, w])];
        const within = tf.logicalAnd(
          tf.logicalAnd(tf.greaterEqual(ys, y0), tf.less(ys, y1)),
          tf.logicalAnd(tf.greaterEqual(xs, x0), tf.less(xs, x1)),
        );
        const inside = tf.tile(within, [n, 1, 1]) as Tensor3D;
        const other = <T extends Tensor>(t: T): T => tf.gather(t, fed["partner"] as Tensor1D) as T;
        const stays = tf.sub(1, tf.mean(tf.cast(inside, "float32"), [1, 2])) as Tensor1D;
        const mixed = <T extends Tensor>(t: T): T => {
          const share = tf.reshape(stays, [n, ...t.shape.slice(1).map(() => 1)]);
          return tf.add(tf.mul(t, share), tf.mul(other(t), tf.sub(1, share))) as T;
        };
        return {
          ...batch,
          images: tf.where(tf.expandDims(inside, 3), other(batch.images), batch.images) as Tensor4D,
          labels: mixed(batch.labels),
          weights: mixed(batch.weights),
          ...(batch.masks && { masks: tf.where(inside, other(batch.masks), batch.masks) as Tensor3D }),
          ...(batch.boxes && { boxes: pasted(batch.boxes, other, [y0, x0, y1, x1]) }),
        };
      },
    }),
  });
/** Own boxes lose what is covered, the partner's are cut to the rectangle; the largest remain, since capacity is fixed. */
function pasted(
  boxes: NonNullable<Batch["boxes"]>,
  other: <T extends Tensor>(t: T) => T,
  [y0, x0, y1, x1]: readonly Tensor[],
): NonNullable<Batch["boxes"]> {
  const capacity = boxes.weights.shape[1];
  const edges = tf.split(boxes.at, 4, 2).map((t) => tf.squeeze(t, [2])) as Tensor[];
  const flat = [y0!, x0!, y1!, x1!].map((side) => tf.reshape(side, [1, 1]));
  const area = ([top, left, bottom, right]: readonly Tensor[]): Tensor =>
    tf.mul(tf.relu(tf.sub(bottom!, top!)), tf.relu(tf.sub(right!, left!)));
  const cut = (all: readonly Tensor[]): Tensor[] =>
    all.map((edge, at) => (at < 2 ? tf.maximum(edge, flat[at]!) : tf.minimum(edge, flat[at]!)));
  const whole = area(edges);
  const kept = tf.sub(whole, area(cut(edges)));
  const theirs = cut(edges.map(other));
  const shares = tf.concat([kept, area(theirs)], 1);
  const sizes = tf.concat([whole, other(whole)], 1);
  const enough = tf.cast(tf.greaterEqual(tf.div(shares, tf.maximum(sizes, 1e-6)), 0.25), "float32");
  const weights = tf.mul(tf.concat([boxes.weights, other(boxes.weights)], 1), enough);
  const { indices } = tf.topk(tf.mul(shares, tf.cast(tf.greater(weights, 0), "float32")), capacity);
  const take = <T extends Tensor>(own: T, foreign: T): T => tf.gather(tf.concat([own, foreign], 1), indices, 1, 1) as T;
  return {
    at: take(boxes.at, tf.stack(theirs, 2) as Tensor3D),
    labels: take(boxes.labels, other(boxes.labels)),
    weights: tf.gather(weights, indices, 1, 1) as Tensor2D,
  };
}

describe("a paste", () => {
  it("brings the partner's pixels, mask, boxes and share of the label", () => {
    // The upper right quarter comes from the other image.
    const { images, masks, labels, weights, at, boxWeights, boxLabels } = act([paste([0, 2, 2, 4])]);
    expect(images[0]).toEqual([
      [0, 1, 102, 103],
      [10, 11, 112, 113],
      [20, 21, 22, 23],
      [30, 31, 32, 33],
    ]);
    expect(masks[0]![0]).toEqual([1, 1, 0, 0]);
    expect(labels).toEqual([
      [0.75, 0.25],
      [0.25, 0.75],
    ]);
    expect(weights).toEqual([0.875, 0.625]);
    // Of image 0: its second box is covered; the other's whole-image box is cut to the rectangle and keeps a quarter.
    expect(at[0]!.slice(0, 2)).toEqual([
      [1, 0, 3, 2],
      [0, 2, 2, 4],
    ]);
    expect(boxWeights[0]!.slice(0, 2)).toEqual([1, 1]);
    expect(boxLabels[0]!.slice(0, 2)).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(boxWeights[0]![2]).toBe(0);
    // Of image 1: three quarters of its large box, the other's covering box, its own small one; all three fit.
    expect(at[1]).toEqual([
      [0, 0, 4, 4],
      [0, 2, 2, 4],
      [2, 1, 3, 2],
    ]);
    expect(boxWeights[1]).toEqual([1, 1, 0.5]);
  });

  it("follows the warp: what is pasted has been moved already", () => {
    const { images, masks, at } = act([paste([0, 2, 2, 4]), mapping("mirror", MIRROR)]);
    expect(images[0]![0]).toEqual([3, 2, 101, 100]);
    expect(masks[0]![0]).toEqual([0, 0, 1, 1]);
    // The first box, mirrored to [1, 2, 3, 4], keeps its lower half; the second stands at [0, 0, 2, 2], untouched.
    expect(at[0]!.slice(0, 2)).toContainEqual([0, 0, 2, 2]);
  });

  it("gives the same to everybody where masks and boxes are absent", () => {
    const composition = compose([paste([0, 2, 2, 4]), mapping("mirror", MIRROR)]);
    const state = new StageState();
    const { boxes: _boxes, masks: _masks, ...plain } = rows();
    const images = tf.tidy(() => {
      const draws = drawFor(composition.members, createRng(1), SHAPE);
      const step = createStep(
        { index: 0, progress: 0, rates: { default: 1 }, seed: Int32Array.of(1, 2), draws },
        state,
      );
      const batch = applyBatch(composition.members, batchOf(plain, SHAPE), step);
      expect([batch.boxes, batch.masks]).toEqual([undefined, undefined]);
      return tf.squeeze(batch.images, [3]).arraySync() as number[][][];
    });
    expect(images).toEqual(act([paste([0, 2, 2, 4]), mapping("mirror", MIRROR)]).images);
  });
});
