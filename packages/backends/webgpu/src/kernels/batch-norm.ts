import { KERNELS } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { dispose, launch, type WebGpu } from "../program.ts";
import { register } from "../register.ts";
import { finish, sums } from "./columns.ts";

/** Batch normalisation in training and its gradients: two readings of x, and two of dy and x. */
export function registerBatchNorm(): void {
  register(KERNELS.batchNorm, ({ inputs, attrs, gpu }) => {
    const [x, gamma, beta] = [inputs["x"]!, inputs["gamma"]!, inputs["beta"]!];
    const { rows, columns } = matrixOf(x);
    // Distances from the first row: where the mean is large, squares would leave no digit of the variance.
    const parts = sums(gpu, {
      name: "batch_norm_sums",
      inputs: { x },
      rows,
      columns,
      term: "(x[row * uniforms.columns + column] - x[column]) * vec2<f32>(1.0, x[row * uniforms.columns + column] - x[column])",
    });
    const floats = { share: 1 / rows };
    const mean = finish(gpu, "batch_norm_mean", parts, "x[column] + sum.x * uniforms.share", { inputs: { x }, floats });
    const variance = finish(
      gpu,
      "batch_norm_variance",
      parts,
      "max(0.0, (sum.y - sum.x * sum.x * uniforms.share) * uniforms.share)",
      { inputs: {}, floats },
    );
    dispose(gpu, parts);
    const y = channelwise(gpu, "batch_norm", { x, mean, variance, gamma, beta }, attrs["epsilon"] as number, {
      result: "(x[i] - mean[k]) * (gamma[k] * inverseSqrt(variance[k] + uniforms.epsilon)) + beta[k]",
      share: 0,
    });
    return [y, mean, variance];
  });

  register(KERNELS.batchNormGrad, ({ inputs, attrs, gpu }) => {
    const [dy, x, gamma] = [inputs["dy"]!, inputs["x"]!, inputs["gamma"]!];
    const [mean, variance] = [inputs["mean"]!, inputs["variance"]!];
    const epsilon = attrs["epsilon"] as number;
    const { rows, columns } = matrixOf(x);
    const at = "row * uniforms.columns + column";
    const parts = sums(gpu, {
      name: "batch_norm_gradient_sums",
      inputs: { dy, x, mean },
      rows,
      columns,
      term: `dy[${at}] * vec2<f32>(1.0, x[${at}] - mean[column])`,
    });
    const dbeta = finish(gpu, "batch_norm_dbeta", parts, "sum.x", { inputs: {} });
    const dgamma = finish(gpu, "batch_norm_dgamma", parts, "sum.y * inverseSqrt(variance[column] + uniforms.epsilon)", {
      inputs: { variance },
      floats: { epsilon },
    });
    dispose(gpu, parts);
    const inverse = "inverseSqrt(variance[k] + uniforms.epsilon)";
    const dx = channelwise(gpu, "batch_norm_dx", { x, dy, mean, variance, gamma, dgamma, dbeta }, epsilon, {
      result: `gamma[k] * ${inverse} * (dy[i] - uniforms.share * (dbeta[k] + (x[i] - mean[k]) * ${inverse} * dgamma[k]))`,
      share: 1 / rows,
    });
    return [dx, dgamma, dbeta];
  });
}

function matrixOf({ shape }: tf.TensorInfo): { rows: number; columns: number } {
  const columns = shape[shape.length - 1]!;
  return { rows: tf.util.sizeFromShape(shape) / columns, columns };
}

/** `result` for each element i of x, whose channel is k. */
function channelwise(
  gpu: WebGpu,
  name: string,
  inputs: { readonly x: tf.TensorInfo; readonly [variable: string]: tf.TensorInfo },
  epsilon: number,
  { result, share }: { readonly result: string; readonly share: number },
): tf.TensorInfo {
  const { shape } = inputs.x;
  const { rows, columns } = matrixOf(inputs.x);
  const wide = columns % 4 === 0;
  const channels = wide ? columns / 4 : columns;
  const size = rows * channels;
  return launch(gpu, {
    name,
    inputs,
    shape,
    integers: { size, channels },
    floats: { epsilon, share },
    threads: size,
    wide,
    code: `
      fn main(i : i32) {
        if (i < uniforms.size) {
          let k = i % uniforms.channels;
          result[i] = ${result};
        }
      }`,
  });
}
