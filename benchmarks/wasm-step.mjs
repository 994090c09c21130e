// Training steps on WebAssembly: tfjs as it comes (with the one gradient it lacks added, composed of its own ops) against
// @regimen/backend-wasm. Batches of 64 (before: 16). One process, about half a minute, on built packages:
//
//   node benchmarks/wasm-step.mjs [resnet20] [cnn] [--kernels]
//
// --kernels: instead of the comparison, what each kernel takes and how often it runs.
import { backend, composed, described, measure, models, primitives, stockWasm, tf, timeKernels } from "./steps.mjs";

const options = process.argv.slice(2);
const wanted = options.filter((option) => !option.startsWith("--"));
const chosen = Object.entries(models).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const { wasm } = await backend("wasm");

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

if (options.includes("--kernels")) {
  await wasm.load();
  const times = timeKernels("wasm");
  for (const [name, model] of chosen) {
    times.clear();
    console.log(`${name}: ${described(measure(model, primitives, model.steps[1]))}`);
    const steps = model.steps[1] + 1;
    for (const [kernel, [calls, time]] of [...times].sort((a, b) => b[1][1] - a[1][1]).slice(0, 16)) {
      console.log(`  ${kernel}: ${(time / steps).toFixed(1)} ms in ${(calls / steps).toFixed(0)} calls a step`);
    }
  }
} else {
  stockWasm();
  await tf.setBackend("wasm");
  addFilterGradient();
  const before = chosen.map(([, model]) => measure(model, composed, model.steps[0], 16));
  await wasm.load();
  chosen.forEach(([name, model], i) => {
    console.log(
      `${name}: before ${described(before[i])}, after ${described(measure(model, primitives, model.steps[1]))}`,
    );
  });
}
