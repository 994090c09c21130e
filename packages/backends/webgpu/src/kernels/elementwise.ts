import { KERNELS } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { launch, type WebGpu } from "../program.ts";
import { register, registerPart } from "../register.ts";

/** Gradients of activations in one pass each, sines that are right, and whole numbers as such. */
export function registerElementwise(): void {
  register(KERNELS.reluGrad, ({ inputs, gpu }) =>
    map(gpu, "relu_gradient", { dy: inputs["dy"]!, y: inputs["y"]! }, "select(TYPE(0.0), dy[i], y[i] > TYPE(0.0))"),
  );
  const sigmoid = "(1.0 / (1.0 + exp(-x[i])))";
  register(KERNELS.swish, ({ inputs, gpu }) => map(gpu, "swish", { x: inputs["x"]! }, `x[i] * ${sigmoid}`));
  register(KERNELS.swishGrad, ({ inputs, gpu }) =>
    map(
      gpu,
      "swish_gradient",
      { dy: inputs["dy"]!, x: inputs["x"]! },
      `dy[i] * ${sigmoid} * (1.0 + x[i] * (1.0 - ${sigmoid}))`,
    ),
  );

  // WGSL's own may be off by 2^-11, which moves the corner of a rotated image by a tenth of a pixel.
  for (const [name, quarter] of [
    ["Sin", 0],
    ["Cos", 1],
  ] as const) {
    registerPart(name, ({ inputs, gpu }) => {
      const x = inputs["x"]!;
      if (x.dtype !== "float32") return undefined;
      return map(gpu, name, { x }, `sine(x[i], ${quarter})`, SINE);
    });
  }

  // tfjs calculates with whole numbers as float32, whose 24 bits lose a seed.
  for (const [name, operator] of [
    ["Add", "+"],
    ["Sub", "-"],
    ["Multiply", "*"],
  ] as const) {
    registerPart(name, ({ inputs, gpu }) => {
      const a = inputs["a"]!;
      const b = inputs["b"]!;
      if (a.dtype !== "int32" || b.dtype !== "int32" || gpu.shouldExecuteOnCPU([a, b])) return undefined;
      const [sizeA, sizeB] = [a, b].map(({ shape }) => tf.util.sizeFromShape(shape)) as [number, number];
      if (sizeA !== 1 && sizeB !== 1 && !tf.util.arraysEqual(a.shape, b.shape)) return undefined;
      const shape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
      const size = tf.util.sizeFromShape(shape);
      return launch(gpu, {
        name: `int32_${name}`,
        inputs: { a, b },
        shape,
        dtype: "int32",
        integers: { size, stepA: Number(sizeA > 1), stepB: Number(sizeB > 1) },
        threads: size,
        code: `
          fn main(i : i32) {
            if (i < uniforms.size) { result[i] = a[i * uniforms.stepA] ${operator} b[i * uniforms.stepB]; }
          }`,
      });
    });
  }
}

/** The sine of x + quarters · π/2: the nearest multiple of π/2 taken off in three parts, and Taylor's series for what is left. */
const SINE = `
  fn sine(x : TYPE, quarters : i32) -> TYPE {
    let turns = round(x * 0.63661977);
    let r = ((x - turns * 1.5703125) - turns * 4.837512969970703e-4) - turns * 7.549789954891882e-8;
    let s = r * r;
    let sine = r * (1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s / 362880.0))));
    let cosine = 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0 - s / 3628800.0))));
    let quarter = turns + f32(quarters) - 4.0 * floor((turns + f32(quarters)) * 0.25);
    let swapped = (quarter == TYPE(1.0)) | (quarter == TYPE(3.0));
    return select(sine, cosine, swapped) * select(TYPE(1.0), TYPE(-1.0), quarter >= TYPE(2.0));
  }`;

/** `expression` for each element, by its number i; TYPE is f32 or a vector of it. */
function map(
  gpu: WebGpu,
  name: string,
  inputs: { readonly [variable: string]: tf.TensorInfo },
  expression: string,
  functions = "",
): tf.TensorInfo {
  const { shape } = Object.values(inputs)[0]!;
  const size = tf.util.sizeFromShape(shape);
  const wide = size % 4 === 0;
  const count = wide ? size / 4 : size;
  return launch(gpu, {
    name,
    inputs,
    shape,
    integers: { size: count },
    threads: count,
    wide,
    code: `${functions}
      fn main(i : i32) {
        if (i < uniforms.size) { result[i] = ${expression}; }
      }`.replaceAll("TYPE", wide ? "vec4<f32>" : "f32"),
  });
}
