import * as tf from "@tensorflow/tfjs-core";

/** An attribute of a TensorFlow op, as the binding takes it. */
export type OpAttribute = { readonly name: string; readonly type: number; readonly value: unknown };
/** A tensor of TensorFlow's, by number. */
export type Handle = { readonly id: number; readonly shape: number[]; readonly dtype: number };

/** What of tfjs-node's native module we call. */
export interface Binding {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_INT32: number;
  readonly TF_INT64: number;
  readonly TF_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_SHAPE: number;
  executeOp(op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): Handle[];
  createTensor(shape: number[], dtype: number, values: Float32Array | Int32Array | Uint8Array): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  /** Op names are joined by commas. */
  runSavedModel(id: number, inputs: readonly number[], inputOps: string, outputOps: string): Handle[];
}

/** What of tfjs-node's backend we call; its types are not to be had without installing it. */
export interface TensorFlow {
  binding: Binding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(op: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  typeAttributeFromTensor(tensor: { readonly dtype: tf.DataType }): number;
  /** The tensors' numbers; values that are still JavaScript's are handed over first. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(handle: Handle): tf.Tensor;
}

/** Attributes of TensorFlow ops, named by their kind. */
export class Attributes {
  readonly #backend: TensorFlow;
  constructor(backend: TensorFlow) {
    this.#backend = backend;
  }
  type(name: string, dtype: tf.DataType): OpAttribute {
    const value = this.#backend.typeAttributeFromTensor({ dtype });
    return { name, type: this.#backend.binding.TF_ATTR_TYPE, value };
  }
  float(name: string, value: number): OpAttribute {
    return { name, type: this.#backend.binding.TF_ATTR_FLOAT, value };
  }
  int(name: string, value: number): OpAttribute {
    return { name, type: this.#backend.binding.TF_ATTR_INT, value };
  }
  bool(name: string, value: boolean): OpAttribute {
    return { name, type: this.#backend.binding.TF_ATTR_BOOL, value };
  }
  string(name: string, value: string): OpAttribute {
    return { name, type: this.#backend.binding.TF_ATTR_STRING, value };
  }
}
