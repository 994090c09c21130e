import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor4D } from "@tensorflow/tfjs-core";
import {
  applyBatch,
  applyPending,
  batchOf,
  composePolicy,
  createRng,
  createStep,
  drawFor,
  StageState,
  type Batch,
  type Rows,
  type Shape,
  type Technique,
} from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  applyAlternatingMirror,
  applyCrop,
  applyCutout,
  applyFlipVertical,
  applyRot90,
  applyShearX,
  applyShearY,
  applyTranslateX,
  applyTranslateY,
  augmentations,
  cluster,
  coinOf,
  drawResizedCrop,
  drawRot90,
  drawShear,
  drawTranslate,
  drawTranslateX,
  drawTranslateY,
  parseClusters,
} from "../src/index.ts";

const [N, SIDE] = [3, 8];
const shape: Shape = { n: N, h: SIDE, w: SIDE, c: 2, range: [0, 255], classes: 2 };
const images = Float32Array.from({ length: N * SIDE * SIDE * 2 }, (_, at) => (at * 37 + (at >> 5)) % 256);
const rows: Rows = {
  images,
  labels: new Float32Array(2 * N),
  weights: new Float32Array(N).fill(1),
  origin: new Float32Array(N),
  masks: Int32Array.from({ length: N * SIDE * SIDE }, (_, at) => at % 3),
};
const pixel = (of: ArrayLike<number>, i: number, y: number, x: number, c: number): number =>
  of[((i * SIDE + y) * SIDE + x) * 2 + c]!;
const column = (...values: number[]) => tf.tensor1d(values) as Tensor1D;
/** What comes of hooks on the plain batch, applied. */
function after(edit: (batch: Batch) => Batch): ArrayLike<number> {
  const batch = batchOf(rows, shape);
  return applyPending(edit(batch), { warp: batch.warp, colour: batch.colour }).images.dataSync();
}
const eachPixel = (check: (i: number, y: number, x: number, c: number) => void): void => {
  for (let i = 0; i < N; i++)
    for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) for (let c = 0; c < 2; c++) check(i, y, x, c);
};

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("movements that keep every pixel", () => {
  it("flip-vertical shows each pixel at the other end of its column", () => {
    const got = after(applyFlipVertical);
    eachPixel((i, y, x, c) => expect(pixel(got, i, y, x, c)).toBe(pixel(images, i, SIDE - 1 - y, x, c)));
  });

  it("rot90 turns counter-clockwise, and draws each of three turns as often", () => {
    const got = after((batch) => applyRot90(batch, { turns: tf.tensor1d([1, 2, 3], "int32") }));
    eachPixel((i, y, x, c) => {
      const [fromY, fromX] = [
        [x, SIDE - 1 - y],
        [SIDE - 1 - y, SIDE - 1 - x],
        [SIDE - 1 - x, y],
      ][i] as [number, number];
      expect(pixel(got, i, y, x, c)).toBe(pixel(images, i, fromY, fromX, c));
    });
    const counts = [0, 0, 0, 0];
    for (const turns of drawRot90(createRng(1), { n: 9000 }).turns) counts[turns]!++;
    expect(counts[0]).toBe(0);
    for (const count of counts.slice(1)) expect(Math.abs(count - 3000)).toBeLessThan(200);
  });

  it("crop brings in what its padding says", () => {
    const fed = { right: column(2, -1, 0), down: column(0, 3, -2) };
    const [dx, dy] = [
      [2, -1, 0],
      [0, 3, -2],
    ] as const;
    for (const [padding, outside] of [
      ["black", 0],
      ["grey", 127.5],
      ["mirror", null],
    ] as const) {
      const got = after((batch) => applyCrop(batch, fed, padding));
      eachPixel((i, y, x, c) => {
        const [fromY, fromX] = [y - dy[i]!, x - dx[i]!];
        const inside = fromY >= 0 && fromY < SIDE && fromX >= 0 && fromX < SIDE;
        const mirrored = (at: number) => (at < 0 ? -at - 1 : at >= SIDE ? 2 * SIDE - 1 - at : at);
        const want = inside || outside === null ? pixel(images, i, mirrored(fromY), mirrored(fromX), c) : outside;
        expect(pixel(got, i, y, x, c)).toBe(want);
      });
    }
  });

  it("translate is translate-x and translate-y", () => {
    const fed = drawTranslate(createRng(4), shape, 1);
    const [right, down] = [tf.tensor1d(fed.right), tf.tensor1d(fed.down)];
    const both = after((batch) => applyTranslateY(applyTranslateX(batch, { right }), { down }));
    const at = (length: number) => Math.min(Math.max(length, 0), SIDE - 1);
    eachPixel((i, y, x, c) => {
      const [fromY, fromX] = [y - fed.down[i]!, x - fed.right[i]!];
      if (at(fromY) === fromY && at(fromX) === fromX)
        expect(pixel(both, i, y, x, c)).toBe(pixel(images, i, fromY, fromX, c));
    });
  });
});

describe("shears", () => {
  it("move a row by its distance from the centre, to the right below it", () => {
    const middle = (SIDE - 1) / 2;
    const x = applyShearX(batchOf(rows, shape), { shear: column(0.5, -0.5, 0) }).warp.arraySync();
    const y = applyShearY(batchOf(rows, shape), { shear: column(0.5, -0.5, 0) }).warp.arraySync();
    for (const [i, by] of [0.5, -0.5, 0].entries()) {
      // The output pixel (x, y) = (6, 7) shows the pixel that shearing brought there.
      const [a, b, c, d, e, f] = x[i] as [number, number, number, number, number, number];
      expect(a * 6 + b * 7 + c).toBeCloseTo(6 - by * (7 - middle), 5);
      expect(d * 6 + e * 7 + f).toBeCloseTo(7, 5);
      const [p, q, r, s, t, u] = y[i] as [number, number, number, number, number, number];
      expect(p * 6 + q * 7 + r).toBeCloseTo(6, 5);
      expect(s * 6 + t * 7 + u).toBeCloseTo(7 - by * (6 - middle), 5);
    }
  });
});

describe("cutout", () => {
  it("greys a window and leaves masks as they are", () => {
    const fed = { top: column(-2, 3, 0), left: column(1, 6, 0), height: column(4, 4, 0), width: column(4, 4, 4) };
    const batch = batchOf(rows, shape);
    const cut = applyCutout(batch, fed);
    const got = cut.images.dataSync();
    const windows = [
      [0, 2, 1, 5],
      [3, 7, 6, 8],
      [0, 0, 0, 4],
    ] as const;
    eachPixel((i, y, x, c) => {
      const [top, bottom, left, right] = windows[i]!;
      const within = y >= top && y < bottom && x >= left && x < right;
      expect(pixel(got, i, y, x, c)).toBe(within ? 127.5 : pixel(images, i, y, x, c));
    });
    expect(cut.masks).toBe(batch.masks);
  });
});

describe("the alternating mirror", () => {
  const many = { n: 200, h: 6, w: 5, c: 3, range: [0, 255] as const, classes: 2 };
  const pictures = () => {
    const rng = createRng("pictures");
    return tf.tensor4d(
      Float32Array.from({ length: 200 * 90 }, () => rng.int(256)),
      [200, 6, 5, 3],
    ) as Tensor4D;
  };
  const flipped = (epoch: number): number[] => {
    const batch = { ...batchOf(rows, shape), shape: many, images: pictures() };
    const still = { ...batch, warp: tf.tile(tf.tensor2d([[1, 0, 0, 0, 1, 0, 0, 0]]), [200, 1]) } as Batch;
    return applyAlternatingMirror(still, tf.scalar(epoch))
      .warp.arraySync()
      .map(([a]) => Number(a === -1));
  };

  it("mirrors half of the examples in the first epoch, and the other half in the next", () => {
    const [first, second, third] = [flipped(0), flipped(1.25), flipped(2.99)];
    expect(Math.abs(first.reduce((a, b) => a + b) - 100)).toBeLessThan(30);
    expect(second).toEqual(first.map((flip) => 1 - flip));
    expect(third).toEqual(first);
  });

  it("tells examples apart by their pixels alone, in any range and at any size", () => {
    const coins = (images: Tensor4D, range: readonly [number, number]) => [
      ...coinOf({ images, shape: { ...many, range } }).dataSync(),
    ];
    const plain = coins(pictures(), [0, 255]);
    expect(coins(tf.div(pictures(), 255), [0, 1])).toEqual(plain);
    const large = tf.fill([1, 224, 224, 3], 255) as Tensor4D;
    const [coin] = coinOf({ images: large, shape: { ...shape, n: 1, h: 224, w: 224, c: 3 } }).dataSync();
    // Every third of 150,528 values: 50,176 of 255, an even sum.
    expect(coin).toBe(0);
  });

  it("is in step with the epochs of a training", () => {
    const { members } = composePolicy(
      { steps: [{ use: "@regimen/technique-augment/alternating-mirror", with: {} }] },
      [augmentations.alternatingMirror as unknown as Technique],
      { task: "classification", facts: [] },
    );
    const seen = [0, 1, 2].map((epoch) => {
      const draws = drawFor(members, createRng(epoch), shape);
      const feed = { index: epoch, progress: 0, epoch, rates: {}, seed: Int32Array.of(1, 2), draws };
      return [...applyBatch(members, batchOf(rows, shape), createStep(feed, new StageState())).images.dataSync()];
    });
    expect(seen[2]).toEqual(seen[0]);
    eachPixel((i, y, x, c) => expect(pixel(seen[1]!, i, y, x, c)).toBe(pixel(seen[0]!, i, y, SIDE - 1 - x, c)));
  });
});

describe("draws", () => {
  it("of windows are the whole image at m = 0, and smaller and of other shapes the larger m is", () => {
    for (const [h, w] of [
      [5, 7],
      [32, 32],
      [40, 20],
    ] as const) {
      const whole = drawResizedCrop(createRng(1), { n: 3, h, w }, 0);
      expect([...whole.height, ...whole.width]).toEqual([h, h, h, w, w, w]);
    }
    const share = (m: number) => {
      const { height, width } = drawResizedCrop(createRng(2), { n: 2000, h: 40, w: 40 }, m);
      return height.reduce((sum, tall, i) => sum + tall * width[i]!, 0) / (2000 * 1600);
    };
    expect(share(0.3)).toBeLessThan(0.9);
    expect(share(1)).toBeLessThan(share(0.5));
    expect(share(0.5)).toBeLessThan(share(0.3));
    // Less than the 0.54 of the areas drawn, since large windows of odd shapes do not fit.
    expect(Math.abs(share(1) - 0.5)).toBeLessThan(0.03);
  });

  it("of shears and shifts grow with m from nothing", () => {
    for (const draw of [
      (m: number) => drawShear(createRng(1), { n: 400 }, m).shear,
      (m: number) => drawTranslateX(createRng(1), { n: 400, w: 40 }, m).right,
      (m: number) => drawTranslateY(createRng(1), { n: 400, h: 40 }, m).down,
    ]) {
      const reach = (m: number) => Math.max(...draw(m).map(Math.abs));
      expect(reach(0)).toBe(0);
      expect(reach(1)).toBeGreaterThan(reach(0.4));
      expect(reach(0.4)).toBeGreaterThan(0);
    }
    expect(Math.max(...drawShear(createRng(1), { n: 4000 }, 1).shear)).toBeCloseTo(0.5, 2);
    expect(Math.max(...drawTranslateX(createRng(1), { n: 4000, w: 40 }, 1).right)).toBe(10);
  });
});

describe("clusters", () => {
  it("are read from a table, and slips in it are told", () => {
    const [weak, strong] = parseClusters("mirror:1  rotate:0.2|shear-x:0.4, cutout:1");
    expect(weak!.map(({ technique, m }) => [technique.name, m])).toEqual([
      ["@regimen/technique-augment/mirror", 1],
      ["@regimen/technique-augment/rotate", 0.2],
    ]);
    expect(strong).toHaveLength(2);
    for (const [table, told] of [
      ["rotat:1", 'nearest transform is "rotate"'],
      ["rotate:2", '"rotate:2", whose magnitude'],
      ["rotate", '"rotate", whose magnitude'],
      ["rotate:1 | ", "nothing in cluster 2"],
    ] as const)
      expect(() => parseClusters(table)).toThrow(told);
  });

  const run = (params: Record<string, number | string>, seed: number): Float32Array => {
    const { members } = composePolicy(
      { steps: [{ use: cluster.name, with: params }] },
      [cluster as unknown as Technique],
      {
        task: "classification",
        facts: [],
      },
    );
    const draws = drawFor(members, createRng(seed), shape);
    const step = createStep({ index: 0, progress: 0, rates: {}, seed: Int32Array.of(1, 2), draws }, new StageState());
    return applyBatch(members, batchOf(rows, shape), step).images.dataSync() as Float32Array;
  };

  it("give each example one of the chosen cluster's transforms", () => {
    const [upsideDown, mirrored] = [after(applyFlipVertical), after((batch) => batch)];
    eachPixel((i, y, x, c) => expect(pixel(mirrored, i, y, x, c)).toBe(pixel(images, i, y, x, c)));
    const count = { flip: 0, turn: 0, other: 0 };
    for (let seed = 0; seed < 40; seed++) {
      const got = run({ table: "cutout:1 | flip-vertical:1 rot90:1", m: 2, rr: 1 }, seed);
      for (let i = 0; i < N; i++) {
        const own = [...got.subarray(i * 128, (i + 1) * 128)];
        const like = (other: ArrayLike<number>) => own.every((value, at) => value === other[i * 128 + at]);
        const turned = [1, 2, 3].some((turn) =>
          like(after((batch) => applyRot90(batch, { turns: tf.tensor1d([turn, turn, turn], "int32") }))),
        );
        if (like(upsideDown)) count.flip++;
        else if (turned) count.turn++;
        else count.other++;
      }
    }
    expect(count.other).toBe(0);
    expect(Math.abs(count.flip - 60)).toBeLessThan(20);
  });

  it("touch the share rr, and a number beyond the table is its last", () => {
    const differing = (params: Record<string, number | string>) => {
      let changed = 0;
      for (let seed = 0; seed < 40; seed++) {
        const got = run(params, seed);
        for (let i = 0; i < N; i++)
          changed += Number(got.subarray(i * 128, (i + 1) * 128).some((value, at) => value !== images[i * 128 + at]));
      }
      return changed / (40 * N);
    };
    const table = "zoom:0 | flip-vertical:1";
    expect(differing({ table, m: 1, rr: 1 })).toBe(0);
    expect(differing({ table, m: 9, rr: 1 })).toBe(1);
    expect(Math.abs(differing({ table, m: 2, rr: 0.5 }) - 0.5)).toBeLessThan(0.15);
    expect(Math.abs(differing({ table: "flip-vertical:0.3", m: 1, rr: 1 }) - 0.3)).toBeLessThan(0.15);
  });
});
