import { KERNELS } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import { Attributes, type TensorFlow } from "./tensorflow.ts";

type Arguments = { readonly inputs: tf.NamedTensorInfoMap; readonly attrs: tf.NamedAttrMap };

/** Kernels for the primitives of `@regimen/ops` that call one TensorFlow op each, and for what tfjs-node does wrong or slowly. */
export function registerKernels(backend: TensorFlow): void {
  const is = new Attributes(backend);

  const random = (kernel: string, op: string) =>
    register(kernel, ({ inputs, attrs }) =>
      backend.executeSingleOutput(
        op,
        [is.type("dtype", "float32"), is.type("T", "int32"), is.type("Tseed", "int32")],
        [tf.tensor1d(attrs["shape"] as number[], "int32"), inputs["seed"]!],
      ),
    );
  random(KERNELS.uniform, "StatelessRandomUniform");
  random(KERNELS.normal, "StatelessRandomNormal");

  const batchNorm = (attrs: tf.NamedAttrMap) => [
    is.type("T", "float32"),
    is.type("U", "float32"),
    is.float("epsilon", attrs["epsilon"] as number),
    is.string("data_format", "NHWC"),
    is.bool("is_training", true),
  ];
  register(KERNELS.batchNorm, ({ inputs, attrs }) => {
    const x = inputs["x"] as tf.Tensor;
    const images = asImages(x);
    const rows = images.size / images.shape[3];
    const none = tf.tensor1d([], "float32");
    const outputs = backend.executeMultipleOutputs(
      "FusedBatchNormV3",
      [...batchNorm(attrs), is.float("exponential_avg_factor", 1)],
      [images, inputs["gamma"]!, inputs["beta"]!, none, none],
      6,
    );
    const [y, mean, sampleVariance, ...reserved] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
    // TensorFlow reports the variance of a sample, n / (n − 1) times that of the batch.
    const variance = tf.mul(sampleVariance, Math.max(rows - 1, 1) / rows);
    return [tf.reshape(y, x.shape), mean, variance, ...reserved];
  });
  register(KERNELS.batchNormGrad, ({ inputs, attrs }) => {
    const x = inputs["x"] as tf.Tensor;
    const [dx, dgamma, dbeta] = backend.executeMultipleOutputs(
      "FusedBatchNormGradV3",
      batchNorm(attrs),
      [
        asImages(inputs["dy"] as tf.Tensor),
        asImages(x),
        inputs["gamma"]!,
        inputs["extra0"]!,
        inputs["extra1"]!,
        inputs["extra2"]!,
      ],
      5,
    );
    return [tf.reshape(dx!, x.shape), dgamma!, dbeta!];
  });

  register(KERNELS.reluGrad, ({ inputs }) =>
    backend.executeSingleOutput("ReluGrad", [is.type("T", "float32")], [inputs["dy"]!, inputs["y"]!]),
  );

  // Its gradient is composed: TensorFlow's own is that of the inverse map, which is not the derivative.
  register(KERNELS.warp, ({ inputs, attrs }) => {
    const images = inputs["images"]!;
    return backend.executeSingleOutput(
      "ImageProjectiveTransformV3",
      [
        is.type("dtype", "float32"),
        is.string("interpolation", String(attrs["interpolation"]).toUpperCase()),
        is.string("fill_mode", String(attrs["fill"]).toUpperCase()),
      ],
      [
        images,
        inputs["transforms"]!,
        tf.tensor1d(images.shape.slice(1, 3), "int32"),
        tf.scalar(attrs["value"] as number),
      ],
    );
  });

  // Composed, it goes through the images' channels one by one, which is slow here. On a GPU, products may be rounded to ten bits.
  if (!backend.isUsingGpuDevice) register(KERNELS.colour, ({ inputs, attrs }) => recoloured(inputs, attrs));

  // tfjs-node's gradients of resizing ignore half-pixel centres, which gives wrong numbers without a word.
  const resize = (attrs: tf.NamedAttrMap) => [
    is.type("T", "float32"),
    is.bool("align_corners", Boolean(attrs["alignCorners"])),
    is.bool("half_pixel_centers", Boolean(attrs["halfPixelCenters"])),
  ];
  register("ResizeBilinearGrad", ({ inputs, attrs }) =>
    backend.executeSingleOutput("ResizeBilinearGrad", resize(attrs), [inputs["dy"]!, inputs["images"]!]),
  );
  register("ResizeNearestNeighborGrad", ({ inputs, attrs }) => {
    const size = tf.tensor1d(inputs["images"]!.shape.slice(1, 3), "int32");
    return backend.executeSingleOutput("ResizeNearestNeighborGrad", resize(attrs), [inputs["dy"]!, size]);
  });

  // tfjs-node's leaves the type to be guessed, which TensorFlow does not do in a graph.
  register("ExpandDims", ({ inputs, attrs }) => {
    const input = inputs["input"]!;
    const at = attrs["dim"] as number;
    const shape = [...input.shape];
    shape.splice(at < 0 ? shape.length + 1 + at : at, 0, 1);
    return tf.reshape(input as tf.Tensor, shape);
  });

  // tfjs-node's reads every index on the host to check it, which neither a GPU nor a captured step can afford.
  register("GatherV2", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const indices = inputs["indices"]!;
    return backend.executeSingleOutput(
      "GatherV2",
      [
        is.int("batch_dims", (attrs["batchDims"] as number | undefined) ?? 0),
        is.type("Tparams", x.dtype),
        is.type("Tindices", indices.dtype),
        is.type("Taxis", "int32"),
      ],
      [x, indices, tf.scalar(attrs["axis"] as number, "int32")],
    );
  });
}

function register(kernelName: string, run: (args: Arguments) => tf.Tensor | tf.Tensor[]): void {
  if (tf.getKernel(kernelName, "tensorflow") !== undefined) tf.unregisterKernel(kernelName, "tensorflow");
  tf.registerKernel({
    kernelName,
    backendName: "tensorflow",
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => run({ inputs, attrs: attrs ?? {} })),
  });
}

function recoloured(inputs: Arguments["inputs"], attrs: tf.NamedAttrMap): tf.Tensor4D {
  const [images, maps] = [inputs["images"] as tf.Tensor4D, inputs["maps"] as tf.Tensor3D];
  const [n, h, w, c] = images.shape;
  const [low, high] = [attrs["low"] as number, attrs["high"] as number];
  const matrix = tf.slice(maps, [0, 0, 0], [n, c, c]);
  // low + m · (in − low) + offset · (high − low)
  const constant = tf.add(
    tf.mul(tf.slice(maps, [0, 0, c], [n, c, 1]), high - low),
    tf.mul(tf.sub(1, tf.sum(matrix, 2, true)), low),
  );
  const mixed = tf.matMul(tf.reshape(images, [n, h * w, c]), matrix, false, true);
  // A row of pixels at a time: sums of a few numbers are slow.
  const added = tf.tile(tf.reshape(constant, [n, 1, c]), [1, 1, w]);
  const moved = tf.add(tf.reshape(mixed, [n, h, w * c]), added);
  // An identity map copies, even what is outside the range: m · in is then `in`, and the constant is 0.
  const identity = tf.eye(c, c + 1);
  const copies = tf.reshape(tf.all(tf.equal(maps, tf.expandDims(identity, 0)), [1, 2]), [n, 1, 1]);
  const clipped = tf.minimum(tf.maximum(moved, tf.where(copies, -Infinity, low)), tf.where(copies, Infinity, high));
  return tf.reshape(clipped, [n, h, w, c]);
}

/** [..., c] as [n, 1, 1, c], unless it has rank 4 already. */
function asImages(x: tf.Tensor): tf.Tensor4D {
  if (x.rank === 4) return x as tf.Tensor4D;
  const channels = x.shape[x.rank - 1]!;
  return tf.reshape(x, [x.size / channels, 1, 1, channels]);
}
