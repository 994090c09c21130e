import * as tf from "@tensorflow/tfjs-core";
import { collect, noGradient, refused } from "../case.ts";

type Two = tf.Tensor2D;
type Three = tf.Tensor3D;

/** Products of matrices, transposed or not, batched or not. */
export const products = collect((add) => {
  add("dense", (x: Two, w: Two, b: tf.Tensor1D) => tf.add(tf.matMul(x, w), b), [[4, 5], [5, 3], [3]]);
  for (const [a, b] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const name = `${a ? "Aᵀ" : "A"} ${b ? "Bᵀ" : "B"}`;
    const shapes = (rows: number, inner: number, columns: number) => [
      a ? [inner, rows] : [rows, inner],
      b ? [columns, inner] : [inner, columns],
    ];
    for (const [size, [rows, inner, columns]] of Object.entries({
      "": [6, 5, 11],
      ", larger": [40, 33, 36],
      ", one row": [1, 70, 9],
      ", deep": [3, 600, 4],
    }) as [string, [number, number, number]][]) {
      add(`matMul ${name}${size}`, (x: Two, y: Two) => tf.matMul(x, y, a, b), shapes(rows, inner, columns));
    }
    add(
      `batched matMul ${name}`,
      (x: Three, y: Three) => tf.matMul(x, y, a, b),
      shapes(3, 4, 5).map((shape) => [2, ...shape]),
    );
  }
  add("matMul, very deep", (x: Two, y: Two) => tf.matMul(x, y), [
    [12, 2100],
    [2100, 40],
  ]);
  add("matMul of rank 4", (a: tf.Tensor4D, b: tf.Tensor4D) => tf.matMul(a, b, false, true), [
    [2, 3, 4, 5],
    [2, 3, 6, 5],
  ]);
  const broadcast = [
    [1, 3, 4],
    [2, 4, 5],
  ];
  add("broadcast matMul", (a: Three, b: Three) => tf.matMul(a, b), broadcast, refused);
  add("matrix by vector", (a: Two, b: tf.Tensor1D) => tf.dot(a, b), [[4, 5], [5]]);
  add("outerProduct", (a: tf.Tensor1D, b: tf.Tensor1D) => tf.outerProduct(a, b), [[4], [3]]);
  for (const activation of ["linear", "relu", "elu", "sigmoid"] as const) {
    add(
      `fused matMul, ${activation}`,
      (a: Two, b: Two, bias: tf.Tensor1D) => tf.fused.matMul({ a, b, bias, activation }),
      [[4, 5], [5, 3], [3]],
    );
  }
  add(
    "int32 matMul",
    () =>
      tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), tf.tensor2d([7, 8, 9, 10, 11, 12], [3, 2], "int32")),
    [],
    noGradient,
  );
  for (const [equation, shapes] of [
    [
      "bij,bjk->bik",
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
    ],
    [
      "ij,ij->i",
      [
        [3, 4],
        [3, 4],
      ],
    ],
    [
      "bij,kj->bki",
      [
        [2, 3, 4],
        [5, 4],
      ],
    ],
    ["ij->ji", [[3, 4]]],
    ["ij->", [[3, 4]]],
  ] as const) {
    add(`einsum ${equation}`, (...xs: tf.Tensor[]) => tf.einsum(equation, ...xs), shapes);
  }
  add("linalg.qr", (x: Two) => tf.abs(tf.linalg.qr(x)[1]), [[4, 4]], noGradient);
  add("spectral.rfft", (x: Two) => tf.abs(tf.spectral.rfft(x)), [[2, 8]], noGradient);
});
