import * as tf from "@tensorflow/tfjs-core";
import { launch, type WebGpu } from "../program.ts";
import { register } from "../register.ts";

type Five = [number, number, number, number, number];
/** Along one axis. */
type Axis = {
  readonly inputs: number;
  readonly outputs: number;
  readonly window: number;
  readonly stride: number;
  readonly pad: number;
};

/** Average pooling's gradients: a window that reaches over the border is shared by the pixels that it has, not by all it might. */
export function registerPooling(): void {
  register("AvgPoolGrad", ({ inputs, attrs, gpu }) => {
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPoolGradAttrs & tf.MaxPoolGradAttrs;
    const shape = inputs["input"]!.shape as [number, number, number, number];
    const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad as number, dimRoundingMode);
    return shared(gpu, inputs["dy"]!, shape, [
      { inputs: 1, outputs: 1, window: 1, stride: 1, pad: 0 },
      ...heightAndWidth(info),
    ]);
  });
  register("AvgPool3DGrad", ({ inputs, attrs, gpu }) => {
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPool3DGradAttrs;
    const shape = inputs["input"]!.shape as Five;
    const info = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
    return shared(gpu, inputs["dy"]!, shape, [
      {
        inputs: info.inDepth,
        outputs: info.outDepth,
        window: info.filterDepth,
        stride: info.strideDepth,
        pad: info.padInfo.front,
      },
      ...heightAndWidth(info),
    ]);
  });
}

const heightAndWidth = (info: tf.backend_util.Conv2DInfo | tf.backend_util.Conv3DInfo): [height: Axis, width: Axis] => [
  {
    inputs: info.inHeight,
    outputs: info.outHeight,
    window: info.filterHeight,
    stride: info.strideHeight,
    pad: info.padInfo.top,
  },
  {
    inputs: info.inWidth,
    outputs: info.outWidth,
    window: info.filterWidth,
    stride: info.strideWidth,
    pad: info.padInfo.left,
  },
];

/** Each input pixel takes its share of the windows that it is in. */
function shared(
  gpu: WebGpu,
  dy: tf.TensorInfo,
  shape: readonly number[],
  axes: readonly [depth: Axis, height: Axis, width: Axis],
): tf.TensorInfo {
  const integers = Object.fromEntries(
    ["z", "y", "x"].flatMap((axis, at) => Object.entries(axes[at]!).map(([key, value]) => [`${axis}_${key}`, value])),
  );
  const size = tf.util.sizeFromShape([...shape]);
  return launch(gpu, {
    name: "average_pool_gradient",
    inputs: { dy },
    shape,
    integers: { ...integers, channels: shape.at(-1)!, size },
    threads: size,
    code: `
      fn first(at : i32, pad : i32, window : i32, stride : i32) -> i32 {
        return max(0, (at + pad - window + stride) / stride);
      }
      fn within(output : i32, inputs : i32, pad : i32, window : i32, stride : i32) -> i32 {
        let begin = output * stride - pad;
        return min(begin + window, inputs) - max(begin, 0);
      }
      fn main(index : i32) {
        if (index >= uniforms.size) { return; }
        let x = index / uniforms.channels % uniforms.x_inputs;
        let y = index / uniforms.channels / uniforms.x_inputs % uniforms.y_inputs;
        let z = index / uniforms.channels / uniforms.x_inputs / uniforms.y_inputs % uniforms.z_inputs;
        let image = index / uniforms.channels / uniforms.x_inputs / uniforms.y_inputs / uniforms.z_inputs;
        var sum = 0.0;
        for (var d = first(z, uniforms.z_pad, uniforms.z_window, uniforms.z_stride);
             d < uniforms.z_outputs && d * uniforms.z_stride - uniforms.z_pad <= z; d++) {
          let deep = within(d, uniforms.z_inputs, uniforms.z_pad, uniforms.z_window, uniforms.z_stride);
          for (var r = first(y, uniforms.y_pad, uniforms.y_window, uniforms.y_stride);
               r < uniforms.y_outputs && r * uniforms.y_stride - uniforms.y_pad <= y; r++) {
            let high = within(r, uniforms.y_inputs, uniforms.y_pad, uniforms.y_window, uniforms.y_stride);
            for (var c = first(x, uniforms.x_pad, uniforms.x_window, uniforms.x_stride);
                 c < uniforms.x_outputs && c * uniforms.x_stride - uniforms.x_pad <= x; c++) {
              let wide = within(c, uniforms.x_inputs, uniforms.x_pad, uniforms.x_window, uniforms.x_stride);
              let at = ((image * uniforms.z_outputs + d) * uniforms.y_outputs + r) * uniforms.x_outputs + c;
              sum += dy[at * uniforms.channels + index % uniforms.channels] / f32(deep * high * wide);
            }
          }
        }
        result[index] = sum;
      }`,
  });
}
