import * as tf from "@tensorflow/tfjs-core";

/** An attribute of a TensorFlow op, as the binding takes it. */
type OpAttribute = { readonly name: string; readonly type: number; readonly value: number | boolean | string };

/** What of tfjs-node's backend we call; its types are not to be had without installing it. */
export interface TensorFlow {
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_FLOAT: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_INT: number;
    readonly TF_ATTR_STRING: number;
  };
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(op: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  typeAttributeFromTensor(tensor: { readonly dtype: tf.DataType }): number;
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
