import type * as tf from "@tensorflow/tfjs-core";

/** Values on the host, on the device, or both. */
interface Data {
  values: ArrayLike<number> | null;
  resource?: GPUBuffer | null;
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
}
/** Buffers of all sizes, to be used again. */
export interface Buffers {
  acquireBuffer(size: number, usage: number, mappedAtCreation?: boolean, reuse?: boolean): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
  readonly numBytesUsed: number;
  readonly numBytesAllocated: number;
}
/** A shader on its way to the queue. */
export interface Dispatched {
  readonly pipeline: GPUComputePipeline;
  readonly dispatch: readonly [number, number, number];
}

/** What of tfjs' WebGPU backend (4.22) a recording takes in hand; what it exports of its types is less. */
export interface TfjsWebGpu {
  device: GPUDevice;
  readonly queue: GPUQueue;
  bufferManager: Buffers;
  commandEncoder: GPUCommandEncoder | null;
  readonly tensorMap: { get(dataId: tf.DataId): Data };
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  uploadToGPU(dataId: tf.DataId): void;
  tensorToBinding(tensor: tf.TensorInfo): GPUBindingResource | null;
  runWebGPUProgram(
    program: unknown,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
    uniforms?: readonly unknown[],
    output?: tf.TensorInfo,
  ): tf.TensorInfo;
  recordAndSubmit(
    program: Dispatched,
    output: tf.TensorInfo,
    inputs: readonly tf.TensorInfo[],
    uniforms: readonly unknown[] | undefined,
  ): void;
  shouldExecuteOnCPU(inputs: readonly tf.TensorInfo[], threshold?: number): boolean;
  makeTensorInfo(shape: readonly number[], dtype: tf.DataType, values?: ArrayLike<number>): tf.TensorInfo;
  write(values: ArrayLike<number> | null, shape: readonly number[], dtype: tf.DataType): tf.DataId;
  read(dataId: tf.DataId): Promise<unknown>;
  readSync(dataId: tf.DataId): unknown;
}

/** Bytes of a tensor on the device, where every type has four. */
export const bytesOf = (shape: readonly number[]): number => 4 * shape.reduce((product, size) => product * size, 1);
/** STORAGE, COPY_SRC and COPY_DST: what tfjs' own tensors have. */
export const TENSOR = 0x80 | 0x04 | 0x08;

/** Host values as they lie on the device. */
export function onDevice(
  values: ArrayLike<number>,
  dtype: tf.DataType,
): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
  if (values instanceof Float32Array && dtype === "float32") return values as Float32Array<ArrayBuffer>;
  if (values instanceof Int32Array && dtype !== "float32") return values as Int32Array<ArrayBuffer>;
  return dtype === "float32" ? Float32Array.from(values) : Int32Array.from(values);
}

/** Puts a copy between buffers into tfjs' own order of things. */
export function copy(backend: TfjsWebGpu, from: GPUBuffer, to: GPUBuffer): void {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.commandEncoder!.copyBufferToBuffer(from, 0, to, 0, to.size);
}

/** Hands everything so far to the device. */
export function flush(backend: TfjsWebGpu): void {
  if (!backend.commandEncoder) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}
