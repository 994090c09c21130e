// A program for processes of their own, which threads.test.ts starts with REGIMEN_THREADS set. Its argument says what it does.
import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-layers";
import { batchNormTrain, colour, normal, relu, softmaxCrossEntropy, swish, uniform, warp } from "@regimen/ops";
import { wasm } from "../../src/index.ts";

// Somebody has begun with tfjs' backend already: its memory is not shared.
if (process.argv[3] === "late") {
  await import("@tensorflow/tfjs-backend-wasm");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.setBackend("wasm");
}
const { device } = await wasm.load();
const seed = (n: number): tf.Tensor1D => tf.tensor1d([n, 7], "int32");
const say = (answer: unknown): void => console.log(JSON.stringify(answer));

/** Ops that threads share, on sizes that are worth it, and their gradients. */
function* everything(): Generator<tf.Tensor[]> {
  const image = (n: number, side: number, c: number) => normal(seed(c), [n, side, side, c]) as tf.Tensor4D;
  const gradients = (run: (x: tf.Tensor4D, w: tf.Tensor4D) => tf.Tensor, x: tf.Tensor4D, w: tf.Tensor4D) => [
    run(x, w),
    ...tf.grads((x, w) => run(x as tf.Tensor4D, w as tf.Tensor4D))([x, w]),
  ];
  // The minimal filtering of 3 × 3 filters; others; strides; few and odd numbers of channels; one image.
  for (const [n, side, from, to, size, stride] of [
    [7, 16, 16, 24, 3, 1],
    [3, 9, 128, 136, 3, 1],
    [9, 16, 8, 20, 3, 2],
    [5, 17, 3, 10, 5, 1],
    [6, 12, 40, 96, 1, 1],
    [1, 32, 16, 16, 3, 1],
  ] as const) {
    yield gradients((x, w) => tf.conv2d(x, w, stride, "same"), image(n, side, from), normal(seed(1), [size, size, from, to]) as tf.Tensor4D); // prettier-ignore
  }
  for (const [size, stride] of [
    [3, 1],
    [5, 2],
    [3, 2],
  ] as const) {
    yield gradients((x, w) => tf.depthwiseConv2d(x, w, stride, "same"), image(9, 16, 36), normal(seed(2), [size, size, 36, 1]) as tf.Tensor4D); // prettier-ignore
  }
  const x = image(9, 32, 18);
  const c = normal(seed(3), [18]) as tf.Tensor1D;
  yield tf.grads((x, c) => batchNormTrain(x!, c as tf.Tensor1D, c as tf.Tensor1D, 1e-3).y)([x, c], tf.square(x));
  yield [relu(x), swish(x), tf.grad(relu)(x), tf.grad((x) => swish(x))(x), tf.add(x, c), tf.mul(x, tf.mean(x, [1, 2], true))]; // prettier-ignore
  yield [tf.sum(x), tf.sum(x, [0, 1, 2]), tf.mean(x, 3), tf.exp(x), tf.tanh(x), tf.sigmoid(x), tf.where(tf.greater(x, 0), x, tf.neg(x))]; // prettier-ignore
  yield [tf.maxPool(x, 3, 2, "same"), tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 3, 2, "same"))(x)];
  yield [tf.avgPool(x, 2, 2, "same"), tf.grad((x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "same"))(x)];
  const a = tf.reshape(x, [-1, 128]) as tf.Tensor2D;
  yield [tf.matMul(a, a, true, false), tf.matMul(a, a, false, true)];
  yield [uniform(seed(5), [99_999]), normal(seed(5), [99_999])];
  const turns = tf.tile(tf.tensor2d([[0.9, -0.3, 1.1, 0.3, 0.9, -0.7, 0, 0]]), [9, 1]) as tf.Tensor2D;
  yield [
    warp(x, turns, { interpolation: "bilinear", fill: "reflect" }),
    tf.grad((x) => warp(x as tf.Tensor4D, turns, { interpolation: "bilinear", fill: "constant" }))(x),
  ];
  const dyes = normal(seed(6), [64, 3, 4]) as tf.Tensor3D;
  yield [colour(image(64, 32, 3), dyes, [-3, 3])];
}

function digest(): string {
  const hash = createHash("sha256");
  tf.tidy(() => {
    for (const tensors of everything()) for (const tensor of tensors) hash.update(tensor.dataSync() as Float32Array);
  });
  return hash.digest("hex");
}

/** Steps of a small network. */
function trainer(): () => number {
  const filter = tf.variable(tf.mul(normal(seed(8), [3, 3, 8, 16]), 0.1));
  const head = tf.variable(tf.mul(normal(seed(9), [16, 10]), 0.1));
  const x = normal(seed(10), [16, 16, 16, 8]) as tf.Tensor4D;
  const labels = tf.eye(16, 10) as tf.Tensor2D;
  const optimizer = tf.train.momentum(0.1, 0.9);
  return () => {
    const loss = optimizer.minimize(() => {
      const y = relu(tf.conv2d(x, filter as tf.Tensor4D, 1, "same"));
      const logits = tf.matMul(tf.mean(y, [1, 2]) as tf.Tensor2D, head as tf.Tensor2D) as tf.Tensor2D;
      return tf.mean(softmaxCrossEntropy(labels, logits)) as tf.Scalar;
    }, true)!;
    const value = loss.dataSync()[0]!;
    loss.dispose();
    return value;
  };
}

const memory = (): WebAssembly.Memory =>
  (tf.backend() as unknown as { wasm: { asm: { memory: WebAssembly.Memory } } }).wasm.asm.memory;

switch (process.argv[2]) {
  case "digest":
    say({ device, digest: digest() });
    break;
  case "grow": {
    const before = digest();
    const bytes = memory().buffer.byteLength;
    // Grown by two steps, and the new memory is what the next results lie in.
    const kept = [1, 2].map(() => tf.zeros([memory().buffer.byteLength / 4]));
    const after = digest();
    tf.dispose(kept);
    say({ device, grown: memory().buffer.byteLength / bytes, before, after });
    break;
  }
  case "leak": {
    // What JavaScript has not yet collected is no leak.
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const measure = () => {
      collect();
      const { heapUsed } = process.memoryUsage();
      return { tensors: tf.memory().numTensors, wasm: memory().buffer.byteLength, heapUsed };
    };
    const step = trainer();
    for (let i = 0; i < 300; i++) step();
    const before = measure();
    for (let i = 0; i < 1000; i++) step();
    say({ device, before, after: measure() });
    break;
  }
  case "exit":
    trainer()();
    say({ device });
    process.exit(3);
    break;
  case "throw":
    trainer()();
    say({ device });
    throw new Error("as asked");
  case "endless": {
    const step = trainer();
    step();
    say({ device });
    for (;;) step();
  }
}
