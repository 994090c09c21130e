import * as tf from "@tensorflow/tfjs-core";

/**
 * tfjs refuses gradients of dilated convolutions, for want of kernels; ours have no such limit. Other backends keep the
 * refusal. (tfjs' fused convolutions, which its layers use where the activation is linear, still refuse.)
 */
export function extendGradients(): void {
  extend("Conv2D", ([x, filter], dy, { strides, pad, dilations, dimRoundingMode }) => {
    const attrs = { strides, pad, dilations, dimRoundingMode } as unknown as tf.NamedAttrMap;
    return {
      x: () => run("Conv2DBackpropInput", { dy, filter: filter! }, { ...attrs, inputShape: x!.shape }),
      filter: () => run("Conv2DBackpropFilter", { x: x!, dy }, { ...attrs, filterShape: filter!.shape }),
    };
  });
  extend("DepthwiseConv2dNative", ([x, filter], dy, { strides, pad, dilations, dimRoundingMode }) => {
    const attrs = { strides, pad, dilations, dimRoundingMode } as unknown as tf.NamedAttrMap;
    return {
      x: () => run("DepthwiseConv2dNativeBackpropInput", { dy, filter: filter! }, { ...attrs, inputShape: x!.shape }),
      filter: () => run("DepthwiseConv2dNativeBackpropFilter", { x: x!, dy }, { ...attrs, filterShape: filter!.shape }),
    };
  });
}

function run(kernel: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(kernel, inputs, attrs);
}

function extend(
  kernelName: string,
  dilated: (saved: readonly tf.Tensor[], dy: tf.Tensor, attrs: tf.NamedAttrMap) => Record<string, () => tf.Tensor>,
): void {
  const stock = tf.getGradient(kernelName);
  // tfjs-core alone has no gradients at all; tfjs-layers brings them.
  if (stock === undefined) return;
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    ...stock,
    gradFunc: (dy, saved, attrs) => {
      const dilations = [attrs["dilations"] ?? 1].flat() as number[];
      const ours = tf.getBackend() === "wasm" && dilations.some((dilation) => dilation !== 1);
      return ours ? dilated(saved, dy as tf.Tensor, attrs) : stock.gradFunc(dy, saved, attrs);
    },
  });
}
