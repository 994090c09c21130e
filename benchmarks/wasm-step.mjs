// Training steps on WebAssembly, images per second: tfjs as it comes (with the one gradient it lacks added, composed of its
// own ops) against @regimen/backend-wasm. Needs built packages (npm run build). One process, about a minute:
//
//   node benchmarks/wasm-step.mjs [resnet20|cnn …] [--kernels]
//
// --kernels: also what each kernel of ours takes, and how often it runs.
import { createRequire } from "node:module";

const here = (name) => new URL(`../packages/${name}`, import.meta.url);
const tf = createRequire(here("backends/wasm/package.json"))("@tensorflow/tfjs-core");
createRequire(here("backends/wasm/package.json"))("@tensorflow/tfjs-layers"); // registers the gradients
createRequire(here("backends/wasm/package.json"))("@tensorflow/tfjs-backend-wasm");
const ops = await import(here("ops/dist/index.js"));
const { wasm } = await import(here("backends/wasm/dist/index.js"));

const options = process.argv.slice(2);
const wanted = options.filter((option) => !option.startsWith("--"));

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

const models = {
  resnet20: { build: resnet20, shape: [32, 32, 3], steps: [1, 5] },
  cnn: { build: cnn, shape: [28, 28, 1], steps: [5, 40] },
};

/** What tfjs' users write where no primitive helps them. */
const composed = {
  relu: tf.relu,
  batchNorm(x, gamma, beta) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return tf.batchNorm(x, mean, variance, beta, gamma, 1e-3);
  },
};
const primitives = {
  relu: ops.relu,
  batchNorm: (x, gamma, beta) => ops.batchNormTrain(x, gamma, beta, 1e-3).y,
};

function measure({ build, shape }, how, steps, batch = 64) {
  tf.engine().startScope();
  seed = 1;
  const model = build(how);
  const images = ops.normal(tf.tensor1d([7, 7], "int32"), [batch, ...shape]);
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
    const loss = optimizer.minimize(() => tf.mean(ops.softmaxCrossEntropy(labels, model(images))), true);
    const value = loss.dataSync()[0];
    loss.dispose();
    return value;
  };
  step();
  const start = performance.now();
  let loss;
  for (let i = 0; i < steps; i++) loss = step();
  const seconds = (performance.now() - start) / 1000;
  optimizer.dispose();
  tf.engine().endScope();
  tf.disposeVariables();
  return { rate: (batch * steps) / seconds, loss, milliseconds: (1000 * seconds) / steps };
}

/** The missing gradient, as the convolution of the input with the output's gradient. */
function addFilterGradient() {
  tf.registerKernel({
    kernelName: "Conv2DBackpropFilter",
    backendName: "wasm",
    kernelFunc: ({ inputs: { x, dy }, attrs: { strides, pad, filterShape } }) => {
      const [height, width] = filterShape;
      const { padInfo } = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad);
      return tf.tidy(() => {
        const padded = tf.pad(tf.transpose(x, [3, 1, 2, 0]), [
          [0, 0],
          [padInfo.top, padInfo.bottom],
          [padInfo.left, padInfo.right],
          [0, 0],
        ]);
        const all = tf.conv2d(padded, tf.transpose(dy, [1, 2, 0, 3]), 1, "valid", "NHWC", strides);
        return tf.transpose(tf.slice(all, [0, 0, 0, 0], [-1, height, width, -1]), [1, 2, 0, 3]);
      });
    },
  });
}

function timeKernels() {
  const times = new Map();
  const children = [0];
  for (const kernel of tf.getKernelsForBackend("wasm")) {
    tf.unregisterKernel(kernel.kernelName, "wasm");
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

const chosen = Object.entries(models).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const before = new Map();
await tf.setBackend("wasm");
if (!options.includes("--kernels")) {
  addFilterGradient();
  for (const [name, model] of chosen) before.set(name, measure(model, composed, model.steps[0], 16));
}
await wasm.load();
const times = options.includes("--kernels") ? timeKernels() : undefined;
for (const [name, model] of chosen) {
  times?.clear();
  const after = measure(model, primitives, model.steps[1]);
  const old = before.get(name);
  console.log(
    `${name}: ${old ? `before ${old.rate.toFixed(1)}, after ` : ""}${after.rate.toFixed(1)} images/s (${after.milliseconds.toFixed(1)} ms a step of 64, loss ${after.loss.toFixed(3)})`,
  );
  for (const [kernel, [calls, time]] of [...(times ?? [])].sort((a, b) => b[1][1] - a[1][1]).slice(0, 20)) {
    const steps = model.steps[1] + 1;
    console.log(`  ${kernel}: ${(time / steps).toFixed(1)} ms in ${(calls / steps).toFixed(0)} calls a step`);
  }
}
