// Ten thousand small training steps on WebAssembly: resident memory after each thousand, and whether it grows by more
// than 2 % after the first. A minute or two, on built packages:
//
//   node benchmarks/wasm-soak.mjs [STEPS]
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { backend, ops, tf } from "./steps.mjs";

const steps = Number(process.argv[2] ?? 10_000);
const { device } = await (await backend("wasm")).wasm.load();
console.log(`${device}, ${steps} steps`);

const variable = (seed, shape) =>
  tf.variable(tf.tidy(() => tf.mul(ops.normal(tf.tensor1d([1, seed], "int32"), shape), 0.1)));
const filters = [variable(1, [3, 3, 1, 8]), variable(2, [3, 3, 8, 16])];
const scales = [8, 16].map((channels) => [tf.variable(tf.ones([channels])), tf.variable(tf.zeros([channels]))]);
const head = variable(3, [7 * 7 * 16, 10]);
const labels = tf.cast(
  tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 16 }, (_, i) => i % 10),
      "int32",
    ),
    10,
  ),
  "float32",
);
const optimizer = tf.train.adam(0.001);

function step(index) {
  return tf.tidy(() => {
    const seed = tf.tensor1d([index, 7], "int32");
    const images = ops.normal(seed, [16, 28, 28, 1]);
    const loss = optimizer.minimize(() => {
      const features = filters.reduce((x, filter, i) => {
        const { y } = ops.batchNormTrain(tf.conv2d(x, filter, 1, "same"), ...scales[i], 1e-3);
        return tf.maxPool(ops.relu(y), 2, 2, "same");
      }, images);
      return tf.mean(ops.softmaxCrossEntropy(labels, tf.matMul(tf.reshape(features, [16, -1]), head)));
    }, true);
    return loss.dataSync()[0];
  });
}

// What JavaScript has not yet collected is no leak.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

const megabytes = (bytes) => bytes / 2 ** 20;
const seen = [];
const start = performance.now();
for (let i = 1; i <= steps; i++) {
  const loss = step(i);
  if (i % Math.ceil(steps / 10) !== 0) continue;
  collect();
  seen.push(megabytes(process.memoryUsage.rss()));
  const { numTensors, numBytes } = tf.memory();
  const tensors = `${numTensors} tensors of ${megabytes(numBytes).toFixed(1)} MB`;
  console.log(`step ${i}: ${seen.at(-1).toFixed(1)} MB resident, ${tensors}, loss ${loss.toFixed(4)}`);
}
const [first, ...later] = seen;
const growth = Math.max(...later) / first - 1;
const flat = growth <= 0.02;
const seconds = (performance.now() - start) / 1000;
console.log(
  `${flat ? "flat" : "NOT FLAT"}: at most ${(100 * growth).toFixed(1)} % more than after the first; ${((1000 * seconds) / steps).toFixed(1)} ms a step`,
);
process.exitCode = flat ? 0 : 1;
