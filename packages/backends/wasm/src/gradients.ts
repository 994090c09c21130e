import * as tf from "@tensorflow/tfjs-core";

/**
 * tfjs has no gradient of einsum: it is one too. Letters of an operand that stand nowhere else were summed over, so that the
 * gradient is the same all along them.
 */
export function registerEinsumGradient(): void {
  if (tf.getGradient("Einsum") !== undefined) return;
  tf.registerGradient({
    kernelName: "Einsum",
    saveAllInputs: true,
    gradFunc: (dy, saved, attrs) => {
      const [terms, result] = (attrs["equation"] as string).replace(/\s/g, "").split("->") as [string, string];
      const letters = terms.split(",");
      const gradient = (of: number) => () => {
        const others = saved.filter((_, i) => i !== of);
        const known = [result, ...letters.filter((_, i) => i !== of)];
        const left = [...letters[of]!].filter((letter) => known.some((term) => term.includes(letter)));
        const found = tf.einsum(`${known.join(",")}->${left.join("")}`, dy as tf.Tensor, ...others);
        const { shape } = saved[of]!;
        const kept = shape.map((size, axis) => (left.includes(letters[of]![axis]!) ? size : 1));
        return tf.broadcastTo(tf.reshape(found, kept), shape);
      };
      return Object.fromEntries(saved.map((_, i) => [i, gradient(i)]));
    },
  });
}

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
