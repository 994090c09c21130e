import * as tf from "@tensorflow/tfjs-core";

export type Arguments = { readonly inputs: tf.NamedTensorInfoMap; readonly attrs: tf.NamedAttrMap };
type Kernel = (args: Arguments) => tf.TensorInfo | tf.TensorInfo[];

/** Registers a kernel for "wasm", in the place of tfjs' own where there is one. */
export function register(kernelName: string, run: Kernel): void {
  if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => run({ inputs, attrs: attrs ?? {} }),
  });
}

/** Registers a kernel for what it can do (`run` returns undefined otherwise): tfjs' own does the rest. */
export function registerFast(
  kernelName: string,
  run: (args: Arguments) => tf.TensorInfo | tf.TensorInfo[] | undefined,
): void {
  const stock = tf.getKernel(kernelName, "wasm").kernelFunc;
  register(kernelName, (args) => run(args) ?? stock({ ...args, backend: tf.backend() }));
}
