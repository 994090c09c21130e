// Small models written with the primitives of @regimen/ops, and how fast a training step of theirs is: what the step
// benchmarks share. Needs built packages (npm run build).
import { createRequire } from "node:module";

const here = (name) => new URL(`../packages/${name}`, import.meta.url);
// From where the packages find it: there must be one tfjs-core.
const tfjs = (name) => createRequire(here("backends/wasm/package.json"))(`@tensorflow/tfjs-${name}`);
export const tf = tfjs("core");
export const tfl = tfjs("layers"); // registers the gradients too
export const ops = await import(here("ops/dist/index.js"));
/** Registers tfjs' own WebAssembly backend. */
export const stockWasm = () => tfjs("backend-wasm");
export const backend = (name) => import(here(`backends/${name}/dist/index.js`));

let seed = 0;
const weight = (shape, deviation) =>
  tf.variable(tf.tidy(() => tf.mul(ops.normal(tf.tensor1d([1, seed++], "int32"), shape), deviation)));
const convolution = (size, from, to) => weight([size, size, from, to], Math.sqrt(2 / (size * size * from)));

/** ResNet-20 of He et al. 2016 for 32 × 32: 16, 32 and 64 channels, projections where the shape changes. */
function resnet20({ relu, batchNorm }) {
  const layer = (size, from, to, stride) => {
    const filter = convolution(size, from, to);
    const gamma = tf.variable(tf.ones([to]));
    const beta = tf.variable(tf.zeros([to]));
    return (x) => batchNorm(tf.conv2d(x, filter, stride, "same"), gamma, beta);
  };
  const blocks = [16, 16, 16, 32, 32, 32, 64, 64, 64].map((to, i) => {
    const from = i % 3 || i === 0 ? to : to / 2;
    const stride = from === to ? 1 : 2;
    const first = layer(3, from, to, stride);
    const second = layer(3, to, to, 1);
    const project = from === to ? (x) => x : layer(1, from, to, stride);
    return (x) => relu(tf.add(second(relu(first(x))), project(x)));
  });
  const stem = layer(3, 3, 16, 1);
  const head = weight([64, 10], 0.1);
  return (x) =>
    tf.matMul(
      tf.mean(
        blocks.reduce((y, block) => block(y), relu(stem(x))),
        [1, 2],
      ),
      head,
    );
}

/** Two convolutions with pooling, and a dense layer, for 28 × 28 grey images. */
function cnn({ relu }) {
  const layer = (from, to) => {
    const filter = convolution(3, from, to);
    const bias = tf.variable(tf.zeros([to]));
    return (x) => tf.maxPool(relu(tf.add(tf.conv2d(x, filter, 1, "same"), bias)), 2, 2, "valid");
  };
  const first = layer(1, 16);
  const second = layer(16, 32);
  const head = weight([7 * 7 * 32, 10], 0.03);
  return (x) => tf.matMul(tf.reshape(second(first(x)), [-1, 7 * 7 * 32]), head);
}

export const models = {
  resnet20: { build: resnet20, shape: [32, 32, 3], steps: [1, 5] },
  cnn: { build: cnn, shape: [28, 28, 1], steps: [5, 40] },
};

/** What tfjs' users write where no primitive helps them. */
export const composed = {
  relu: tf.relu,
  batchNorm(x, gamma, beta) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, beta, gamma, 1e-3);
  },
};
export const primitives = {
  relu: ops.relu,
  batchNorm: (x, gamma, beta) => ops.batchNormTrain(x, gamma, beta, 1e-3).y,
};

/** Images per second, by the clock and by the processor's time (which other work on the machine moves less). */
export function measure({ build, shape }, how, steps, batch = 64) {
  tf.engine().startScope();
  seed = 1;
  const model = build(how);
  const x = ops.normal(tf.tensor1d([7, 7], "int32"), [batch, ...shape]);
  const labels = tf.cast(
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: batch }, (_, i) => i % 10),
        "int32",
      ),
      10,
    ),
    "float32",
  );
  const optimizer = tf.train.momentum(0.05, 0.9);
  const step = () => {
    const loss = optimizer.minimize(() => tf.mean(ops.softmaxCrossEntropy(labels, model(x))), true);
    const value = loss.dataSync()[0];
    loss.dispose();
    return value;
  };
  step();
  const start = performance.now();
  const used = process.cpuUsage();
  let loss;
  for (let i = 0; i < steps; i++) loss = step();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  optimizer.dispose();
  tf.engine().endScope();
  tf.disposeVariables();
  const images = batch * steps;
  return { rate: images / seconds, perCpuSecond: (images * 1e6) / (user + system), loss };
}

export const described = ({ rate, perCpuSecond }) =>
  `${rate.toFixed(1)} images/s (${perCpuSecond.toFixed(1)} a processor second)`;

/** Times every kernel of a backend from now on: name ⇒ [calls, milliseconds without the kernels it calls]. */
export function timeKernels(backendName) {
  const times = new Map();
  const children = [0];
  for (const kernel of tf.getKernelsForBackend(backendName)) {
    tf.unregisterKernel(kernel.kernelName, backendName);
    tf.registerKernel({
      ...kernel,
      setupFunc: undefined,
      kernelFunc: (args) => {
        const start = performance.now();
        children.push(0);
        const out = kernel.kernelFunc(args);
        const all = performance.now() - start;
        const [calls, time] = times.get(kernel.kernelName) ?? [0, 0];
        times.set(kernel.kernelName, [calls + 1, time + all - children.pop()]);
        children[children.length - 1] += all;
        return out;
      },
    });
  }
  return times;
}
