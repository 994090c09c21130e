import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/**
 * Kernels that move elements about: tile (and so every broadcast of a condition), reverse, slices, splits, gather and
 * concatenation. tfjs' own take 5 to 100 ns an element, or copy the whole input for a slice of it.
 */
export function registerLayout(memory: Memory): void {
  registerFast("Tile", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const reps = attrs["reps"] as number[];
    const strides = stridesOf(x.shape);
    // Each axis as two: the repetitions, which do not move in x, and the axis itself.
    const sizes = x.shape.flatMap((size, axis) => [reps[axis]!, size]);
    const steps = strides.flatMap((stride) => [0, stride]);
    const shape = x.shape.map((size, axis) => size * reps[axis]!);
    return strided(memory, x, shape, sizes, steps, 0);
  });

  registerFast("Reverse", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const axes = tf.util.parseAxisParam(attrs["dims"] as number[], x.shape);
    const strides = stridesOf(x.shape);
    const start = axes.reduce((sum, axis) => sum + Math.max(x.shape[axis]! - 1, 0) * strides[axis]!, 0);
    const steps = strides.map((stride, axis) => (axes.includes(axis) ? -stride : stride));
    return strided(memory, x, x.shape, x.shape, steps, start);
  });

  registerFast("Slice", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const [begin, size] = tf.slice_util.parseSliceParams(x, attrs["begin"] as number[], attrs["size"] as number[]);
    return part(memory, x, begin!, size!);
  });

  registerFast("StridedSlice", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const { begin, end, strides, ...masks } = attrs as unknown as tf.StridedSliceAttrs;
    const info = tf.slice_util.sliceInfo(
      x.shape,
      begin,
      end,
      strides,
      masks.beginMask,
      masks.endMask,
      masks.ellipsisMask,
      masks.newAxisMask,
      masks.shrinkAxisMask,
    );
    const step = stridesOf(x.shape);
    const sizes = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
    const start = step.reduce((sum, stride, axis) => sum + info.begin[axis]! * stride, 0);
    const steps = step.map((stride, axis) => stride * info.strides[axis]!);
    return strided(memory, x, info.finalShape, sizes, steps, start);
  });

  registerFast("SplitV", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const axis = tf.util.parseAxisParam(attrs["axis"] as number, x.shape)[0]!;
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs["numOrSizeSplits"] as number[], axis);
    if (bytesOf(x) === undefined) return undefined;
    let at = 0;
    return sizes.map((size) => {
      const begin = x.shape.map((_, k) => (k === axis ? at : 0));
      at += size;
      return part(memory, x, begin, replaced(x.shape, axis, size))!;
    });
  });

  registerFast("Unpack", ({ inputs, attrs }) => {
    const x = inputs["value"]!;
    const axis = tf.util.parseAxisParam(attrs["axis"] as number, x.shape)[0]!;
    if (bytesOf(x) === undefined) return undefined;
    return Array.from({ length: x.shape[axis]! }, (_, i) => {
      const begin = x.shape.map((_, k) => (k === axis ? i : 0));
      const shape = x.shape.filter((_, k) => k !== axis);
      return { ...part(memory, x, begin, replaced(x.shape, axis, 1))!, shape };
    });
  });

  registerFast("Concat", ({ inputs, attrs }) => {
    // The inputs of Concat and Pack come as an array, whatever the type says.
    const all = inputs as unknown as readonly tf.TensorInfo[];
    const axis = tf.util.parseAxisParam(attrs["axis"] as number, all[0]!.shape)[0]!;
    const some = all.filter(({ shape }) => tf.util.sizeFromShape(shape) > 0);
    if (some.length < 2 || some.some((x) => bytesOf(x) !== 4)) return undefined;
    const length = some.reduce((sum, x) => sum + x.shape[axis]!, 0);
    return joined(memory, some, replaced(some[0]!.shape, axis, length), axis, (x) => x.shape[axis]!);
  });

  registerFast("Pack", ({ inputs, attrs }) => {
    const all = inputs as unknown as readonly tf.TensorInfo[];
    const { shape } = all[0]!;
    const equal = all.every((x) => bytesOf(x) === 4 && tf.util.arraysEqual(x.shape, shape));
    if (!equal || tf.util.sizeFromShape(shape) === 0) return undefined;
    const axis = attrs["axis"] as number;
    const at = axis < 0 ? axis + shape.length + 1 : axis;
    return joined(memory, all, [...shape.slice(0, at), all.length, ...shape.slice(at)], at, () => 1);
  });

  // (tfjs' own writes whole numbers into a tensor of any type.)
  registerFast("OneHot", ({ inputs, attrs }) => {
    const indices = inputs["indices"]!;
    const { dtype, depth, onValue, offValue } = attrs as unknown as tf.OneHotAttrs;
    if (dtype !== "float32" && dtype !== "int32") return undefined;
    const out = memory.output([...indices.shape, depth], dtype);
    const kernel = dtype === "float32" ? "one_hot_float" : "one_hot_int";
    const rows = tf.util.sizeFromShape(indices.shape);
    memory.call(kernel, memory.at(indices), memory.at(out), rows, depth, onValue, offValue);
    return out;
  });

  registerFast("GatherV2", ({ inputs, attrs }) => {
    const x = inputs["x"]!;
    const indices = inputs["indices"]!;
    const axis = tf.util.parseAxisParam(attrs["axis"] as number, x.shape)[0]!;
    if (bytesOf(x) !== 4 || indices.dtype !== "int32") return undefined;
    // (tfjs' own reads beyond its input where there are batch dimensions.)
    const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
      x as tf.Tensor,
      indices as tf.Tensor,
      axis,
      (attrs["batchDims"] as number | undefined) ?? 0,
    );
    const { batchSize, outerSize, dimSize, sliceSize } = info;
    const size = tf.util.sizeFromShape(indices.shape);
    const wrong = memory.integers(memory.at(indices), size).find((index) => index < 0 || index >= dimSize);
    if (wrong !== undefined) throw new RangeError(`gather's index ${wrong} is not in [0, ${dimSize - 1}].`);
    const out = memory.output(info.outputShape, x.dtype as "float32" | "int32");
    const count = size / batchSize;
    for (let b = 0; b < batchSize; b++) {
      memory.call(
        "gather",
        memory.at(x) + 4 * b * outerSize * dimSize * sliceSize,
        memory.at(indices) + 4 * b * count,
        memory.at(out) + 4 * b * outerSize * count * sliceSize,
        outerSize,
        dimSize,
        count,
        sliceSize,
      );
    }
    return out;
  });
}

function bytesOf({ dtype }: tf.TensorInfo): 1 | 4 | undefined {
  return dtype === "float32" || dtype === "int32" ? 4 : dtype === "bool" ? 1 : undefined;
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => tf.util.sizeFromShape(shape.slice(axis + 1)));
}

function replaced(shape: readonly number[], axis: number, size: number): number[] {
  return shape.map((old, k) => (k === axis ? size : old));
}

function part(
  memory: Memory,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): tf.TensorInfo | undefined {
  const strides = stridesOf(x.shape);
  const start = begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  return strided(memory, x, size, size, strides, start);
}

/** `shape` is filled along `axis` by `all`, each as long there as `lengthOf` says. */
function joined(
  memory: Memory,
  all: readonly tf.TensorInfo[],
  shape: readonly number[],
  axis: number,
  lengthOf: (x: tf.TensorInfo) => number,
): tf.TensorInfo {
  const out = memory.output(shape, all[0]!.dtype as "float32" | "int32");
  const runs = tf.util.sizeFromShape(shape.slice(0, axis));
  const inner = tf.util.sizeFromShape(shape.slice(axis + 1));
  let at = memory.at(out);
  for (const x of all) {
    const length = lengthOf(x) * inner;
    memory.call("copy_runs", memory.at(x), at, runs, length, length, shape[axis]! * inner);
    at += 4 * length;
  }
  return out;
}

/** A tensor of `shape` whose elements, counted over `sizes`, are those of x at `start` plus so many `steps` along each axis. */
function strided(
  memory: Memory,
  x: tf.TensorInfo,
  shape: readonly number[],
  sizes: readonly number[],
  steps: readonly number[],
  start: number,
): tf.TensorInfo | undefined {
  const bytes = bytesOf(x);
  if (bytes === undefined) return undefined;
  const out = memory.output(shape, x.dtype as "float32" | "int32" | "bool");
  if (tf.util.sizeFromShape([...shape]) === 0) return out;
  const axes = merged(sizes, steps);
  const rank = axes.length;
  memory.scratch(3 * rank, (at) => {
    memory
      .integers(at, 3 * rank)
      .set([...axes.map(({ size }) => size), ...axes.map(({ step }) => step), ...axes.map(() => 0)]);
    memory.call(
      bytes === 4 ? "strided_copy" : "strided_copy_bytes",
      memory.at(x) + bytes * start,
      memory.at(out),
      at,
      at + 4 * rank,
      at + 8 * rank,
      rank,
    );
  });
  return out;
}

/** Neighbouring axes that make one longer run become one; at least one axis is left. */
function merged(sizes: readonly number[], steps: readonly number[]): { size: number; step: number }[] {
  const axes: { size: number; step: number }[] = [];
  sizes.forEach((size, axis) => {
    if (size === 1) return;
    const step = steps[axis]!;
    const last = axes.at(-1);
    if (last !== undefined && last.step === size * step) {
      last.size *= size;
      last.step = step;
    } else {
      axes.push({ size, step });
    }
  });
  return axes.length > 0 ? axes : [{ size: 1, step: 1 }];
}
