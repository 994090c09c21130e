import * as tf from "@tensorflow/tfjs-core";
import type { Memory } from "./memory.ts";
import { registerFast } from "./register.ts";

/** Parts that one long sum over rows is made of, whatever the number of threads: so its last bit is always the same. */
const PARTS = 16;
/** Rows that a part has at least. */
const PART_ROWS = 256;

/** How many parts a sum over `rows` rows is made in. */
export function partsOf(rows: number): number {
  return Math.max(1, Math.min(PARTS, Math.floor(rows / PART_ROWS)));
}

/** Parts that a filter's gradient is summed in. */
const FILTER_PARTS = 8;
/** Output channels that a part has at least, since every part copies its images for itself. */
const FILTER_CHANNELS = 64;

/** In how many parts of the batch, each with a sum of its own, and of the output channels, where there are enough. */
export function partsOfFilter(info: tf.backend_util.Conv2DInfo): { batchParts: number; channelParts: number } {
  const channelParts = Math.min(FILTER_PARTS, Math.max(1, Math.floor(info.outChannels / FILTER_CHANNELS)));
  return { batchParts: Math.max(1, Math.min(info.batchSize, Math.ceil(FILTER_PARTS / channelParts))), channelParts };
}

/** `add` writes `parts` sums of `size` elements one behind the other; `out` becomes their sum. */
export function sumOfParts(
  memory: Memory,
  out: tf.TensorInfo,
  size: number,
  parts: number,
  add: (sums: number) => void,
): void {
  if (parts === 1) {
    add(memory.at(out));
    return;
  }
  const block = 1024;
  memory.scratch(parts * size, (sums) => {
    add(sums);
    const blocks = { units: Math.ceil(size / block), work: (parts * block) / 4 };
    memory.each("add_parts", blocks, sums, memory.at(out), size, parts, block);
  });
}

/** Sums and means over neighbouring axes; the others stay tfjs' own. */
export function registerReduce(memory: Memory): void {
  for (const kernel of ["Sum", "Mean"]) {
    registerFast(kernel, ({ inputs, attrs }) => {
      const x = inputs["x"]!;
      const axes = tf.util.parseAxisParam(attrs["axis"] as number[], x.shape).sort((a, b) => a - b);
      const neighbours = axes.every((axis, i) => axis === axes[0]! + i);
      const size = tf.util.sizeFromShape(x.shape);
      if (x.dtype !== "float32" || axes.length === 0 || !neighbours || size === 0) return undefined;
      const outer = tf.util.sizeFromShape(x.shape.slice(0, axes[0]));
      const columns = tf.util.sizeFromShape(x.shape.slice(axes.at(-1)! + 1));
      const rows = size / (outer * columns);
      const kept = attrs["keepDims"] ? [1] : [];
      const out = memory.output(x.shape.flatMap((length, axis) => (axes.includes(axis) ? kept : [length])));
      const divisor = kernel === "Mean" ? rows : 1;
      if (outer > 1) {
        const units = { units: outer, work: (rows * columns) / 4, scratch: 2 * columns };
        memory.each("middle_sums", units, memory.at(x), memory.at(out), rows, columns, divisor);
      } else {
        sumOfRows(memory, x, out, rows, columns, divisor);
      }
      return out;
    });
  }
}

/** [rows, columns] → [columns]. A single column is summed as rows of a fixed length. */
function sumOfRows(
  memory: Memory,
  x: tf.TensorInfo,
  out: tf.TensorInfo,
  rows: number,
  columns: number,
  divisor: number,
): void {
  const parts = partsOf(rows);
  memory.scratch(2 * parts * columns, (totals) => {
    const units = { units: parts, work: (rows * columns) / (4 * parts) };
    memory.each("column_parts", units, memory.at(x), totals, rows, columns, parts);
    memory.call("add_column_parts", totals, memory.at(out), columns, parts, divisor);
  });
}
