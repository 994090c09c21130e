import * as tf from "@tensorflow/tfjs-core";

export type Arguments = { readonly inputs: tf.NamedTensorInfoMap; readonly attrs: tf.NamedAttrMap };

/** Registers a kernel for "wasm", in the place of tfjs' own where there is one. */
export function register(kernelName: string, run: (args: Arguments) => tf.TensorInfo | tf.TensorInfo[]): void {
  if (tf.getKernel(kernelName, "wasm") !== undefined) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({
    kernelName,
    backendName: "wasm",
    kernelFunc: ({ inputs, attrs }) => run({ inputs, attrs: attrs ?? {} }),
  });
}
