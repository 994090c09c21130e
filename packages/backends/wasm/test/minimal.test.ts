import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { wasm } from "../src/index.ts";

// Convolutions with 3 × 3 filters, which are made with fewer products (kernels/winograd.h), against sums in double precision.

beforeAll(async () => {
  await wasm.load();
});

type Image = { readonly n: number; readonly h: number; readonly w: number; readonly c: number };

/** Calls `visit` for each product of the convolution: where in x, in the filter and in y it belongs. */
function products(
  x: Image,
  y: Image,
  top: number,
  left: number,
  visit: (x: number, w: number, y: number) => void,
): void {
  for (let b = 0; b < y.n; b++)
    for (let oy = 0; oy < y.h; oy++)
      for (let ox = 0; ox < y.w; ox++)
        for (let tap = 0; tap < 9; tap++) {
          const [row, column] = [oy + Math.floor(tap / 3) - top, ox + (tap % 3) - left];
          if (row < 0 || column < 0 || row >= x.h || column >= x.w) continue;
          for (let i = 0; i < x.c; i++)
            for (let o = 0; o < y.c; o++)
              visit(((b * x.h + row) * x.w + column) * x.c + i, (tap * x.c + i) * y.c + o, ((b * y.h + oy) * y.w + ox) * y.c + o); // prettier-ignore
        }
}

function expectClose(got: ArrayLike<number>, wanted: Float64Array, what: string): void {
  expect(got.length).toBe(wanted.length);
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(got[i]! - value)), 0);
  expect(worst / scale, what).toBeLessThan(2e-6);
}

const channels = fc.constantFrom(8, 12, 20, 72);
const cases = fc.record({
  n: fc.integer({ min: 1, max: 9 }),
  h: fc.integer({ min: 4, max: 9 }),
  w: fc.integer({ min: 4, max: 9 }),
  from: channels,
  to: channels,
  pad: fc.oneof(
    fc.constantFrom("same" as const, "valid" as const),
    fc.tuple(...[0, 0, 0, 0].map(() => fc.integer({ min: 0, max: 3 }))),
  ),
  relu: fc.boolean(),
});

test("forward with bias and relu, and both gradients, for any size, padding and multiples of 4 channels", () => {
  fc.assert(
    fc.property(cases, ({ n, h, w, from, to, pad, relu }) => {
      tf.tidy(() => {
        const x = tf.randomNormal([n, h, w, from], 0, 1, "float32", 1) as tf.Tensor4D;
        const filter = tf.randomNormal([3, 3, from, to], 0, 1, "float32", 2) as tf.Tensor4D;
        const bias = tf.randomNormal([to], 0, 1, "float32", 3) as tf.Tensor1D;
        const padding = Array.isArray(pad)
          ? ([[0, 0], [pad[0]!, pad[1]!], [pad[2]!, pad[3]!], [0, 0]] as tf.backend_util.ExplicitPadding) // prettier-ignore
          : pad;
        const [top, left] = Array.isArray(pad) ? [pad[0]!, pad[2]!] : pad === "same" ? [1, 1] : [0, 0];
        const y = tf.fused.conv2d({
          x,
          filter,
          bias,
          strides: 1,
          pad: padding,
          ...(relu ? { activation: "relu" as const } : {}),
        });
        const dy = tf.randomNormal(y.shape, 0, 1, "float32", 4);
        const [dx, dw] = tf.grads((x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, padding))([x, filter], dy); // prettier-ignore

        const [, oh, ow] = y.shape as [number, number, number, number];
        const [xs, ws, bs, ds] = [x, filter, bias, dy].map((of) => of.dataSync()) as Float32Array[];
        const [ys, dxs, dws] = [new Float64Array(y.size), new Float64Array(x.size), new Float64Array(filter.size)];
        products({ n, h, w, c: from }, { n, h: oh, w: ow, c: to }, top!, left!, (i, k, o) => {
          ys[o]! += xs![i]! * ws![k]!;
          dxs[i]! += ds![o]! * ws![k]!;
          dws[k]! += ds![o]! * xs![i]!;
        });
        ys.forEach((sum, i) => (ys[i] = relu ? Math.max(sum + bs![i % to]!, 0) : sum + bs![i % to]!));
        expectClose(y.dataSync(), ys, "forward");
        expectClose(dx!.dataSync(), dxs, "gradient of the input");
        expectClose(dw!.dataSync(), dws, "gradient of the filter");
      });
    }),
    { numRuns: 12, seed: 3 },
  );
});
