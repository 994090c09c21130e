import type * as tf from "@tensorflow/tfjs-core";
import { launch, type WebGpu } from "../program.ts";

const GROUP = 256;
/** Rows that a thread adds up at least, where there are many. */
const ROWS = 16;
const MOST_SLICES = 256;

export type Sums = {
  readonly name: string;
  readonly inputs: { readonly [variable: string]: tf.TensorInfo };
  readonly rows: number;
  readonly columns: number;
  /** WGSL: the vec2<f32> that is summed, from `row` and `column`. */ readonly term: string;
};

/**
 * Sums of pairs over all rows, for each column: [slices, columns, 2], to be added up by `finish`. Many rows are cut into
 * slices, for there are few columns. Always added in the same order, so the same inputs give the same bits.
 */
export function sums(gpu: WebGpu, { name, inputs, rows, columns, term }: Sums): tf.TensorInfo {
  const lanes = lanesFor(columns);
  const slices = Math.min(MOST_SLICES, Math.ceil(rows / ((GROUP / lanes) * ROWS)));
  const perSlice = Math.ceil(rows / slices);
  const across = Math.ceil(columns / lanes);
  return launch(gpu, {
    name: `${name}_${lanes}`,
    inputs,
    shape: [slices, columns, 2],
    integers: { rows, columns, across, slices, perSlice },
    threads: across * slices * GROUP,
    group: GROUP,
    code: adding(
      lanes,
      term,
      "uniforms.perSlice",
      `
      let at = 2 * (slice * uniforms.columns + column);
      result[at] = sum.x;
      result[at + 1] = sum.y;`,
    ),
  });
}

/** One number for each column, from `sum` over the slices of `parts` and from `more`: [columns]. */
export function finish(
  gpu: WebGpu,
  name: string,
  parts: tf.TensorInfo,
  expression: string,
  more: Pick<Sums, "inputs"> & { readonly floats?: { readonly [name: string]: number } },
): tf.TensorInfo {
  const [rows, columns] = parts.shape as [number, number, number];
  const lanes = lanesFor(columns);
  const across = Math.ceil(columns / lanes);
  return launch(gpu, {
    name: `${name}_${lanes}`,
    inputs: { parts, ...more.inputs },
    shape: [columns],
    integers: { rows, columns, across, slices: 1 },
    ...(more.floats ? { floats: more.floats } : {}),
    threads: across * GROUP,
    group: GROUP,
    code: adding(
      lanes,
      "vec2<f32>(parts[2 * (row * uniforms.columns + column)], parts[2 * (row * uniforms.columns + column) + 1])",
      "uniforms.rows",
      `result[column] = ${expression};`,
    ),
  });
}

/** The sum of `slices` of equal size, which stand behind each other: a tensor of `shape`. */
export function total(gpu: WebGpu, parts: tf.TensorInfo, slices: number, shape: readonly number[]): tf.TensorInfo {
  const columns = shape.reduce((product, size) => product * size, 1);
  const lanes = lanesFor(columns);
  const across = Math.ceil(columns / lanes);
  return launch(gpu, {
    name: `total_${lanes}`,
    inputs: { parts },
    shape,
    integers: { rows: slices, columns, across, slices: 1 },
    threads: across * GROUP,
    group: GROUP,
    code: adding(
      lanes,
      "vec2<f32>(parts[row * uniforms.columns + column], 0.0)",
      "uniforms.rows",
      "result[column] = sum.x;",
    ),
  });
}

/** Threads that stand beside each other over columns; the others of the group stand over rows. */
function lanesFor(columns: number): number {
  return Math.min(64, 2 ** Math.ceil(Math.log2(columns)));
}

function adding(lanes: number, term: string, perSlice: string, emit: string): string {
  return `
    var<workgroup> shares : array<vec2<f32>, ${GROUP}>;
    fn main(index : i32) {
      let lane = i32(localIndex);
      let group = index / ${GROUP};
      let column = (group % uniforms.across) * ${lanes} + lane % ${lanes};
      let slice = group / uniforms.across;
      var sum = vec2<f32>(0.0);
      if (column < uniforms.columns) {
        let first = slice * ${perSlice};
        let end = min(uniforms.rows, first + ${perSlice});
        for (var row = first + lane / ${lanes}; row < end; row += ${GROUP / lanes}) {
          sum += ${term};
        }
      }
      shares[lane] = sum;
      workgroupBarrier();
      for (var stride = ${GROUP / 2}; stride >= ${lanes}; stride /= 2) {
        if (lane < stride) { shares[lane] += shares[lane + stride]; }
        workgroupBarrier();
      }
      if (lane < ${lanes} && column < uniforms.columns && slice < uniforms.slices) {
        sum = shares[lane];
        ${emit}
      }
    }`;
}
