import * as tf from "@tensorflow/tfjs-core";

/** An op as a function of float tensors of these shapes. */
export type Case = {
  readonly name: string;
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly shapes: readonly (readonly number[])[];
  /** The cpu backend's gradient is known to be wrong: only central differences judge. */
  readonly cpuWrong?: true;
  /** No gradient to check. */
  readonly forwardOnly?: true;
};

const cases: Case[] = [];

// Inputs are typed by what the ops want, so that cases stay one line each; the shapes beside them are what is passed.
function add<T extends readonly tf.Tensor[]>(
  name: string,
  run: (...inputs: T) => tf.Tensor,
  shapes: readonly (readonly number[])[],
  more: Pick<Case, "cpuWrong" | "forwardOnly"> = {},
): void {
  cases.push({ name, run: run as unknown as Case["run"], shapes, ...more });
}

type T1 = tf.Tensor1D;
type T2 = tf.Tensor2D;
type T3 = tf.Tensor3D;
type T4 = tf.Tensor4D;
type T5 = tf.Tensor5D;
const fo = { forwardOnly: true } as const;
const ids = (...values: number[]) => tf.tensor1d(values, "int32");

for (const channels of [1, 3, 4, 8, 10, 16]) {
  for (const out of [1, 5, 8, 12]) {
    add(`conv2d 3×3 ${channels}→${out}`, (x: T4, w: T4) => tf.conv2d(x, w, 1, "same"), [
      [2, 5, 6, channels],
      [3, 3, channels, out],
    ]);
  }
}
add("conv2d stride 2 same, even", (x: T4, w: T4) => tf.conv2d(x, w, 2, "same"), [
  [2, 8, 8, 4],
  [3, 3, 4, 6],
]);
add("conv2d stride 2 same, odd", (x: T4, w: T4) => tf.conv2d(x, w, 2, "same"), [
  [2, 7, 9, 4],
  [3, 3, 4, 8],
]);
add("conv2d 1×1 stride 2", (x: T4, w: T4) => tf.conv2d(x, w, 2, "same"), [
  [2, 8, 8, 4],
  [1, 1, 4, 6],
]);
add("conv2d 7×7 stride 2 valid", (x: T4, w: T4) => tf.conv2d(x, w, 2, "valid"), [
  [2, 17, 17, 3],
  [7, 7, 3, 4],
]);
add("conv2d 2×3, strides 3 and 2", (x: T4, w: T4) => tf.conv2d(x, w, [3, 2], "valid"), [
  [2, 10, 9, 3],
  [2, 3, 3, 4],
]);
add(
  "conv2d explicit padding",
  (x: T4, w: T4) =>
    tf.conv2d(x, w, 1, [
      [0, 0],
      [2, 1],
      [0, 3],
      [0, 0],
    ]),
  [
    [1, 5, 6, 3],
    [3, 3, 3, 4],
  ],
);
add(
  "conv2d dilation 2",
  (x: T4, w: T4) => tf.conv2d(x, w, 1, "same", "NHWC", 2),
  [
    [2, 9, 9, 3],
    [3, 3, 3, 4],
  ],
  { cpuWrong: true },
);
add(
  "conv2d dilation 2 and 3",
  (x: T4, w: T4) => tf.conv2d(x, w, 1, "valid", "NHWC", [2, 3]),
  [
    [1, 9, 10, 5],
    [3, 3, 5, 4],
  ],
  { cpuWrong: true },
);
add("conv2d many blocks", (x: T4, w: T4) => tf.conv2d(x, w, 1, "same"), [
  [3, 40, 40, 16],
  [3, 3, 16, 8],
]);
add("conv2dTranspose stride 2", (x: T4, w: T4) => tf.conv2dTranspose(x, w, [2, 8, 8, 3], 2, "same"), [
  [2, 4, 4, 5],
  [4, 4, 3, 5],
]);
add("conv1d", (x: T3, w: T3) => tf.conv1d(x, w, 1, "same"), [
  [2, 10, 3],
  [3, 3, 4],
]);
for (const channels of [3, 4, 10]) {
  add(`depthwise 3×3, ${channels} channels`, (x: T4, w: T4) => tf.depthwiseConv2d(x, w, 1, "same"), [
    [2, 6, 5, channels],
    [3, 3, channels, 1],
  ]);
}
add("depthwise 5×5 stride 2", (x: T4, w: T4) => tf.depthwiseConv2d(x, w, 2, "same"), [
  [2, 9, 9, 4],
  [5, 5, 4, 1],
]);
add("depthwise 2×4 valid", (x: T4, w: T4) => tf.depthwiseConv2d(x, w, 1, "valid"), [
  [2, 6, 7, 4],
  [2, 4, 4, 1],
]);
add("depthwise multiplier 3", (x: T4, w: T4) => tf.depthwiseConv2d(x, w, 1, "same"), [
  [2, 5, 5, 4],
  [3, 3, 4, 3],
]);
add(
  "depthwise dilation 2",
  (x: T4, w: T4) => tf.depthwiseConv2d(x, w, 1, "same", "NHWC", 2),
  [
    [2, 9, 9, 4],
    [3, 3, 4, 1],
  ],
  { cpuWrong: true },
);
add("separableConv2d", (x: T4, d: T4, p: T4) => tf.separableConv2d(x, d, p, 1, "same"), [
  [2, 8, 8, 4],
  [3, 3, 4, 1],
  [1, 1, 4, 6],
]);
add("conv3d", (x: T5, w: T5) => tf.conv3d(x, w, 1, "same"), [
  [1, 4, 4, 4, 2],
  [2, 2, 2, 2, 3],
]);
add("conv3d stride 2", (x: T5, w: T5) => tf.conv3d(x, w, 2, "valid"), [
  [2, 5, 5, 4, 2],
  [2, 2, 2, 2, 3],
]);

for (const channels of [3, 4]) {
  add(`maxPool 2×2, ${channels} channels`, (x: T4) => tf.maxPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
  add(`maxPool 3×3 stride 2 same, ${channels} channels`, (x: T4) => tf.maxPool(x, 3, 2, "same"), [[2, 8, 8, channels]]);
  add(`maxPool of negatives, ${channels} channels`, (x: T4) => tf.maxPool(tf.sub(x, 3), 2, 2, "valid"), [
    [2, 4, 4, channels],
  ]);
  add(`avgPool 2×2, ${channels} channels`, (x: T4) => tf.avgPool(x, 2, 2, "valid"), [[2, 8, 8, channels]]);
  add(
    `avgPool 3×3 stride 2 same, ${channels} channels`,
    (x: T4) => tf.avgPool(x, 3, 2, "same"),
    [[2, 8, 8, channels]],
    { cpuWrong: true },
  );
  add(`avgPool 3×3 same, ${channels} channels`, (x: T4) => tf.avgPool(x, 3, 1, "same"), [[2, 5, 5, channels]], {
    cpuWrong: true,
  });
}

add(
  "batchNorm by moments",
  (x: T4, g: T1, b: T1) => {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean as T1, variance as T1, b, g, 1e-3);
  },
  [[4, 5, 5, 3], [3], [3]],
);
add(
  "layerNorm",
  (x: T2, g: T1, b: T1) => {
    const { mean, variance } = tf.moments(x, [-1], true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), g), b);
  },
  [[4, 6], [6], [6]],
);
add("dense", (x: T2, w: T2, b: T1) => tf.add(tf.matMul(x, w), b), [[4, 5], [5, 3], [3]]);
add("fused matMul", (x: T2, w: T2, b: T1) => tf.fused.matMul({ a: x, b: w, bias: b, activation: "relu" }), [
  [4, 5],
  [5, 3],
  [3],
]);
add(
  "fused conv2d",
  (x: T4, w: T4, b: T1) => tf.fused.conv2d({ x, filter: w, strides: 1, pad: "same", bias: b, activation: "relu" }),
  [[2, 6, 6, 3], [3, 3, 3, 4], [4]],
);
add(
  "fused depthwiseConv2d",
  (x: T4, w: T4, b: T1) => tf.fused.depthwiseConv2d({ x, filter: w, strides: 1, pad: "same", bias: b }),
  [[2, 6, 6, 4], [3, 3, 4, 1], [4]],
);
add("batched matMul", (a: T3, b: T3) => tf.matMul(a, b, false, true), [
  [2, 3, 4],
  [2, 5, 4],
]);
add("transposed matMul", (a: T2, b: T2) => tf.matMul(a, b, true, false), [
  [5, 7],
  [5, 13],
]);
add("twice transposed matMul", (a: T2, b: T2) => tf.matMul(a, b, true, true), [
  [5, 6],
  [11, 5],
]);
add(
  "broadcast matMul",
  (a: T3, b: T3) => tf.matMul(a, b, false, true),
  [
    [1, 3, 4],
    [2, 5, 4],
  ],
  fo,
);
add(
  "einsum bij,bjk->bik",
  (a: T3, b: T3) => tf.einsum("bij,bjk->bik", a, b),
  [
    [2, 3, 4],
    [2, 4, 5],
  ],
  fo,
);
add(
  "einsum ij,ij->i",
  (a: T2, b: T2) => tf.einsum("ij,ij->i", a, b),
  [
    [3, 4],
    [3, 4],
  ],
  fo,
);
add(
  "einsum bij,kj->bki",
  (a: T3, b: T2) => tf.einsum("bij,kj->bki", a, b),
  [
    [2, 3, 4],
    [5, 4],
  ],
  fo,
);
add("einsum ij->ji", (a: T2) => tf.einsum("ij->ji", a), [[3, 4]], fo);

add("softmax", (x) => tf.softmax(x), [[4, 7]]);
add("logSoftmax", (x) => tf.logSoftmax(x), [[4, 7]]);
add("logSumExp", (x) => tf.logSumExp(x, 1), [[4, 7]]);
add(
  "losses.softmaxCrossEntropy",
  (x) => tf.losses.softmaxCrossEntropy(tf.cast(tf.oneHot(ids(1, 2, 3, 0), 7), "float32"), x, undefined, 0.1),
  [[4, 7]],
);
add("losses.sigmoidCrossEntropy", (x) => tf.losses.sigmoidCrossEntropy(tf.ones([4, 7]), x), [[4, 7]]);
add("losses.cosineDistance", (a, b) => tf.losses.cosineDistance(a, b, 1), [
  [4, 5],
  [4, 5],
]);
add("losses.huberLoss", (a, b) => tf.losses.huberLoss(a, b), [
  [4, 5],
  [4, 5],
]);

add("gather", (x) => tf.gather(x, ids(0, 2, 2, 1)), [[4, 5]]);
add("gather along axis 1", (x) => tf.gather(x, ids(0, 2, 2, 1), 1), [[4, 5, 3]]);
add("unsortedSegmentSum", (x) => tf.unsortedSegmentSum(x, ids(0, 2, 2, 1), 3), [[4, 5]]);
add(
  "mixup",
  (x: T4, share: T1) => {
    const by = tf.reshape(share, [4, 1, 1, 1]);
    return tf.add(tf.mul(x, by), tf.mul(tf.gather(x, ids(3, 1, 0, 2)), tf.sub(1, by)));
  },
  [[4, 5, 5, 3], [4]],
);
add(
  "where",
  (x, y) =>
    tf.where(
      tf.tensor2d(
        Array.from({ length: 20 }, (_, i) => i % 3),
        [4, 5],
        "bool",
      ),
      x,
      y,
    ),
  [
    [4, 5],
    [4, 5],
  ],
);
add("resizeBilinear up", (x: T4) => tf.image.resizeBilinear(x, [11, 13], false, true), [[2, 6, 6, 3]], {
  cpuWrong: true,
});
add("resizeBilinear up, aligned corners", (x: T4) => tf.image.resizeBilinear(x, [11, 13], true), [[2, 6, 6, 3]]);
add("resizeBilinear down", (x: T4) => tf.image.resizeBilinear(x, [4, 3]), [[2, 6, 6, 3]]);
add("resizeNearestNeighbor", (x: T4) => tf.image.resizeNearestNeighbor(x, [12, 12]), [[2, 6, 6, 3]], {
  cpuWrong: true,
});
add(
  "resizeNearestNeighbor down, half-pixel centres",
  (x: T4) => tf.image.resizeNearestNeighbor(x, [4, 3], false, true),
  [[2, 6, 6, 3]],
  { cpuWrong: true },
);

add("relu", (x) => tf.relu(x), [[4, 5]]);
add("relu6", (x) => tf.relu6(tf.mul(x, 8)), [[4, 5]]);
add("leakyRelu", (x) => tf.leakyRelu(x, 0.2), [[4, 5]]);
add("elu", (x) => tf.elu(x), [[4, 5]]);
add("selu", (x) => tf.selu(x), [[4, 5]]);
add("prelu", (x, a) => tf.prelu(x, a), [[4, 5], [5]]);
add("sigmoid", (x) => tf.sigmoid(x), [[4, 5]]);
add("tanh", (x) => tf.tanh(x), [[4, 5]]);
add("swish", (x) => tf.mul(x, tf.sigmoid(x)), [[4, 5]]);
add("gelu", (x) => tf.mul(x, tf.add(0.5, tf.mul(0.5, tf.erf(tf.div(x, Math.SQRT2))))), [[4, 5]]);
add("softplus", (x) => tf.softplus(x), [[4, 5]]);
add("exp", (x) => tf.exp(x), [[4, 5]]);
add("log", (x) => tf.log(tf.add(x, 2)), [[4, 5]]);
add("log1p", (x) => tf.log1p(x), [[4, 5]]);
add("sqrt", (x) => tf.sqrt(tf.add(x, 2)), [[4, 5]]);
add("rsqrt", (x) => tf.rsqrt(tf.add(x, 2)), [[4, 5]]);
add("square", (x) => tf.square(x), [[4, 5]]);
add("reciprocal", (x) => tf.reciprocal(tf.add(x, 2)), [[4, 5]]);
add("abs", (x) => tf.abs(x), [[4, 5]]);
add("sin", (x) => tf.sin(x), [[4, 5]]);
add("cos", (x) => tf.cos(x), [[4, 5]]);
add("pow", (x) => tf.pow(tf.add(x, 2), 3), [[4, 5]]);
add("clipByValue", (x) => tf.clipByValue(x, -0.5, 0.5), [[4, 5]]);
add("minimum", (a, b) => tf.minimum(a, b), [
  [4, 5],
  [4, 5],
]);
add("maximum", (a, b) => tf.maximum(a, b), [
  [4, 5],
  [4, 5],
]);
add("squaredDifference", (a, b) => tf.squaredDifference(a, b), [
  [4, 5],
  [4, 5],
]);
add("broadcast mul", (a, b) => tf.mul(a, b), [
  [2, 3, 4],
  [3, 1],
]);
add("div", (a, b) => tf.div(a, tf.add(b, 3)), [[2, 3, 4], [4]]);
add("addN", (a, b) => tf.addN([a, b, a]), [
  [2, 3],
  [2, 3],
]);

add("max", (x) => tf.max(x, 1), [[4, 5]]);
add("min", (x) => tf.min(x, 1), [[4, 5]]);
add("mean", (x) => tf.mean(x, [1, 2]), [[2, 4, 5, 3]]);
add("sum over leading axes", (x) => tf.sum(x, [0, 1]), [[4, 5, 21]]);
add("sum over leading axes, kept", (x) => tf.sum(x, [1, 0], true), [[4, 5, 3]]);
add("sum over inner axes", (x) => tf.sum(x, [1, 2]), [[4, 5, 3]]);
add("clone", (x) => tf.mul(tf.clone(x), x), [[4, 5]]);
add("sum", (x) => tf.sum(x, 0), [[4, 5]]);
add("norm", (x) => tf.norm(x, 2, 1), [[4, 5]]);
add("L2 normalised", (x) => tf.div(x, tf.norm(x, 2, 1, true)), [[4, 5]]);
add("topk values", (x) => tf.topk(x, 2).values, [[4, 5]], { forwardOnly: true });
add("cumsum", (x) => tf.cumsum(x, 1), [[2, 4]]);

add("concat", (a: T2, b: T2) => tf.concat([a, b], 1), [
  [2, 3],
  [2, 4],
]);
add("stack", (a, b) => tf.stack([a, b]), [
  [2, 3],
  [2, 3],
]);
add("split", (x) => tf.split(x, 2, 1)[1]!, [[2, 4]]);
add("unstack", (x) => tf.unstack(x)[1]!, [[2, 4]]);
add("slice", (x) => tf.slice(x, [0, 1], [2, 2]), [[2, 4]]);
add("stridedSlice", (x) => tf.stridedSlice(x, [0, 0], [2, 4], [1, 2]), [[2, 4]], { forwardOnly: true });
add(
  "pad",
  (x) =>
    tf.pad(x, [
      [0, 0],
      [1, 2],
    ]),
  [[2, 4]],
);
add(
  "mirrorPad",
  (x) =>
    tf.mirrorPad(
      x,
      [
        [0, 0],
        [1, 1],
      ],
      "reflect",
    ),
  [[2, 4]],
  { forwardOnly: true },
);
add("tile", (x) => tf.tile(x, [2, 3]), [[2, 4]]);
add("reverse", (x) => tf.reverse(x, 1), [[2, 4]]);
add("transpose", (x) => tf.transpose(x, [1, 2, 0]), [[2, 4, 3]]);
add("broadcastTo", (x) => tf.broadcastTo(x, [3, 2, 4]), [[2, 4]]);
add("expandDims, squeeze", (x) => tf.squeeze(tf.expandDims(x, 1)), [[2, 4]]);
add(
  "spaceToBatchND",
  (x) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  [[1, 4, 4, 2]],
);
add("depthToSpace", (x: T4) => tf.depthToSpace(x, 2), [[1, 4, 4, 8]], { forwardOnly: true });
add("localResponseNormalization", (x: T4) => tf.localResponseNormalization(x), [[1, 4, 4, 8]]);
add(
  "image.cropAndResize",
  (x: T4) =>
    tf.image.cropAndResize(
      x,
      tf.tensor2d([
        [0.1, 0.1, 0.8, 0.9],
        [0, 0, 1, 1],
      ]),
      ids(0, 1),
      [5, 5],
    ),
  [[2, 8, 8, 3]],
  fo,
);
add("image.flipLeftRight", (x: T4) => tf.image.flipLeftRight(x), [[2, 8, 8, 3]], fo);
add("argMax", (x) => tf.argMax(x, 1), [[4, 5]], fo);
add("oneHot", () => tf.oneHot(ids(1, 0), 3), [], fo);
add("cast", (x) => tf.cast(tf.greater(x, 0), "float32"), [[4, 5]], fo);
add("floor", (x) => tf.floor(tf.mul(x, 8)), [[4, 5]], fo);
add("mod", (x) => tf.mod(tf.mul(x, 8), 3), [[4, 5]], fo);
add("sign", (x) => tf.sign(x), [[4, 5]], fo);
add("round", (x) => tf.round(tf.mul(x, 8)), [[4, 5]], fo);
add("all, any", (x) => tf.logicalOr(tf.all(tf.greater(x, 0), 1), tf.any(tf.greater(x, 0), 1)), [[4, 5]], fo);
add(
  "gatherND",
  (x) =>
    tf.gatherND(
      x,
      tf.tensor2d(
        [
          [0, 1],
          [2, 2],
        ],
        [2, 2],
        "int32",
      ),
    ),
  [[4, 5]],
  fo,
);
add("scatterND", () => tf.scatterND(tf.tensor2d([[0], [2]], [2, 1], "int32"), tf.tensor1d([1, 2]), [4]), [], fo);
add("bincount", () => tf.bincount(ids(0, 1, 1), tf.tensor1d([]), 3), [], fo);
add("linalg.qr", (x: T2) => tf.abs(tf.linalg.qr(x)[1]), [[4, 4]], fo);
add("confusionMatrix", () => tf.math.confusionMatrix(ids(0, 1), ids(0, 0), 2), [], fo);
add(
  "int32 matMul",
  () =>
    tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], "int32"), tf.tensor2d([7, 8, 9, 10, 11, 12], [3, 2], "int32")),
  [],
  fo,
);
add(
  "int32 unsortedSegmentSum",
  () =>
    tf.unsortedSegmentSum(
      tf.tensor2d(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [3, 2],
        "int32",
      ),
      ids(1, 0, 1),
      2,
    ),
  [],
  fo,
);

export { cases };
