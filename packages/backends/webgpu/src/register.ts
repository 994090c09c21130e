import * as tf from "@tensorflow/tfjs-core";
import type { WebGpu } from "./program.ts";

export type Arguments = {
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attrs: tf.NamedAttrMap;
  readonly gpu: WebGpu;
};
type Kernel = (args: Arguments) => tf.TensorInfo | tf.TensorInfo[];

/** Registers a kernel for "webgpu", in the place of tfjs' own where there is one. */
export function register(kernelName: string, run: Kernel): void {
  if (tf.getKernel(kernelName, "webgpu") !== undefined) tf.unregisterKernel(kernelName, "webgpu");
  tf.registerKernel({
    kernelName,
    backendName: "webgpu",
    kernelFunc: ({ inputs, attrs, backend }) => run({ inputs, attrs: attrs ?? {}, gpu: backend as WebGpu }),
  });
}

/** Registers a kernel for what it can do (`run` returns undefined otherwise): tfjs' own does the rest. */
export function registerPart(kernelName: string, run: (args: Arguments) => tf.TensorInfo | undefined): void {
  const stock = tf.getKernel(kernelName, "webgpu").kernelFunc;
  register(kernelName, (args) => run(args) ?? stock({ inputs: args.inputs, attrs: args.attrs, backend: args.gpu }));
}
