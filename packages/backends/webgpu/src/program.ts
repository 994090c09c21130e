import * as tf from "@tensorflow/tfjs-core";

/** What of tfjs' WebGPU backend we call; what it exports of its types is less. */
export interface WebGpu {
  runWebGPUProgram(
    program: Program,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms: readonly { readonly type: "int32" | "float32"; readonly data: readonly number[] }[],
  ): tf.TensorInfo;
  shouldExecuteOnCPU(inputs: readonly tf.TensorInfo[]): boolean;
  disposeData(dataId: tf.DataId): boolean;
}
interface Program {
  readonly variableNames: readonly string[];
  readonly variableComponents: readonly number[];
  readonly outputShape: readonly number[];
  readonly outputComponent: number;
  readonly uniforms: string;
  readonly workgroupSize: readonly [number, number, number];
  readonly dispatchLayout: { readonly x: readonly number[] };
  dispatch: readonly [number, number, number];
  shaderKey: string;
  getUserCode(): string;
}

export type Launch = {
  /** Names the shader: the same name, the same code. */ readonly name: string;
  /** All of them used by the code: WebGPU leaves the others out, and refuses them. */
  readonly inputs: { readonly [variable: string]: tf.TensorInfo };
  readonly shape: readonly number[];
  /** float32 unless told. */ readonly dtype?: "float32" | "int32";
  /** Whole numbers, and in `floats` others: `uniforms.<name>` in the code. */
  readonly integers?: { readonly [name: string]: number };
  readonly floats?: { readonly [name: string]: number };
  /** Threads, in workgroups of `group` (64 unless told). */ readonly threads: number;
  readonly group?: number;
  /** Tensors as arrays of vec4; all sizes must be multiples of 4. */ readonly wide?: boolean;
  /**
   * WGSL with `fn main(index : i32)`, which is called for each thread (and perhaps for some more). Inputs and `result` are
   * flat arrays; `localIndex` is the thread's number in its group.
   */
  readonly code: string;
};

const GROUP = 64;

/** Runs a shader of ours between tfjs' own: its buffers, its queue, its cache of pipelines. */
export function launch(gpu: WebGpu, how: Launch): tf.TensorInfo {
  const { name, inputs, shape, integers = {}, floats = {}, group = GROUP, wide = false } = how;
  const names = Object.keys(inputs);
  const components = wide ? 4 : 1;
  const whole = Object.entries(integers);
  const fractions = Object.entries(floats);
  const program: Program = {
    variableNames: names,
    variableComponents: names.map(() => components),
    outputShape: [tf.util.sizeFromShape([...shape])],
    outputComponent: components,
    uniforms: [...whole.map(([key]) => `${key} : i32,`), ...fractions.map(([key]) => `${key} : f32,`)].join(" "),
    workgroupSize: [group, 1, 1],
    dispatchLayout: { x: [0] },
    dispatch: [Math.ceil(how.threads / group), 1, 1],
    shaderKey: `regimen_${name}_${components}`,
    getUserCode: () => how.code,
  };
  const out = gpu.runWebGPUProgram(program, Object.values(inputs).map(flat), how.dtype ?? "float32", [
    ...whole.map(([, value]) => ({ type: "int32", data: [value] }) as const),
    ...fractions.map(([, value]) => ({ type: "float32", data: [value] }) as const),
  ]);
  return { ...out, shape: [...shape] };
}

/** With one dimension a shader serves all shapes. */
function flat(tensor: tf.TensorInfo): tf.TensorInfo {
  return { ...tensor, shape: [tf.util.sizeFromShape(tensor.shape)] };
}

export function dispose(gpu: WebGpu, ...tensors: readonly tf.TensorInfo[]): void {
  for (const { dataId } of tensors) gpu.disposeData(dataId);
}
