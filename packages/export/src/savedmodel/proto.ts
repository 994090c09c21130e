import { bytesOf, Message } from "../protobuf.ts";

/** tensorflow/core/framework/types.proto */
const TYPES = { float32: 1, int32: 3, int8: 6, float16: 19 } as const;
type Dtype = keyof typeof TYPES;

/** TensorFlow reads graphs of this version and later ones (tensorflow/core/public/version.h). */
const GRAPH_VERSION = 1395;
/** Fields of tensorflow/core/framework/attr_value.proto. */
const VALUE = { list: 1, string: 2, int: 3, float: 4, bool: 5, type: 6, shape: 7, tensor: 8 } as const;

export type Attribute =
  | { readonly type: Dtype }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly flag: boolean }
  | { readonly text: string }
  | { readonly shape: readonly (number | null)[] }
  | { readonly tensor: Constant };
export type Constant = { readonly dtype: Dtype; readonly shape: readonly number[]; readonly values: ArrayBufferView };
export type Node = {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};
/** What a signature calls a float32 tensor, and the node that gives it; null: the batch. */
export type Port = { readonly key: string; readonly node: string; readonly shape: readonly (number | null)[] };

/** A SavedModel of tensorflow/core/protobuf/saved_model.proto, with the tag "serve" and the signature "serving_default". */
export const savedModelProto = (
  nodes: readonly Node[],
  inputs: readonly Port[],
  outputs: readonly Port[],
): Uint8Array =>
  Message.bytes((saved) => {
    saved.integer(1, 1);
    saved.message(2, () => {
      saved.message(1, () => saved.text(4, "serve"));
      saved.message(2, () => {
        for (const node of nodes) saved.message(1, () => nodeDef(saved, node));
        saved.message(4, () => saved.integer(1, GRAPH_VERSION));
      });
      saved.message(5, () => {
        saved.text(1, "serving_default");
        saved.message(2, () => {
          for (const port of inputs) saved.message(1, () => tensorInfo(saved, port));
          for (const port of outputs) saved.message(2, () => tensorInfo(saved, port));
          saved.text(3, "tensorflow/serving/predict");
        });
      });
    });
  });

/** tensorflow/core/framework/node_def.proto */
function nodeDef(into: Message, { name, op, inputs, attributes }: Node): void {
  into.text(1, name);
  into.text(2, op);
  for (const input of inputs) into.text(3, input);
  for (const [key, value] of Object.entries(attributes))
    into.message(5, () => {
      into.text(1, key);
      into.message(2, () => attrValue(into, value));
    });
}

function attrValue(into: Message, value: Attribute): void {
  if ("type" in value) into.integer(VALUE.type, TYPES[value.type]);
  else if ("int" in value) into.integer(VALUE.int, value.int);
  else if ("ints" in value) into.message(VALUE.list, () => value.ints.forEach((one) => into.integer(VALUE.int, one)));
  else if ("float" in value) into.float(VALUE.float, value.float);
  else if ("flag" in value) into.integer(VALUE.bool, value.flag ? 1 : 0);
  else if ("text" in value) into.text(VALUE.string, value.text);
  else if ("shape" in value) into.message(VALUE.shape, () => tensorShape(into, value.shape));
  else {
    const { dtype, shape, values } = value.tensor;
    into.message(VALUE.tensor, () => {
      into.integer(1, TYPES[dtype]);
      into.message(2, () => tensorShape(into, shape));
      into.bytes(4, bytesOf(values));
    });
  }
}

function tensorInfo(into: Message, { key, node, shape }: Port): void {
  into.text(1, key);
  into.message(2, () => {
    into.text(1, `${node}:0`);
    into.integer(2, TYPES.float32);
    into.message(3, () => tensorShape(into, shape));
  });
}

/** tensorflow/core/framework/tensor_shape.proto; −1 where a side is not known. */
function tensorShape(into: Message, shape: readonly (number | null)[]): void {
  for (const side of shape) into.message(2, () => into.integer(1, side ?? -1));
}
