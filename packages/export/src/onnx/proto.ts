import { bytesOf, Message } from "../protobuf.ts";

/** Runtimes from 2022 on read it (ONNX 1.12). */
export const OPSET = 17;
const IR_VERSION = 8;

/** TensorProto.DataType of onnx.proto. */
const TYPES = { float32: 1, int8: 3, int64: 7, float16: 10 } as const;
/** AttributeProto.AttributeType. */
const KINDS = { float: 1, int: 2, string: 3, ints: 7 } as const;

export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Node = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
};
export type Tensor = {
  readonly name: string;
  readonly dtype: keyof typeof TYPES;
  readonly shape: readonly number[];
  readonly values: ArrayBufferView;
};
/** A float32 tensor; null: the batch. */
type Port = { readonly name: string; readonly shape: readonly (number | null)[] };
export type Model = {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly tensors: readonly Tensor[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Kept in the file beside the graph. */ readonly notes: Readonly<Record<string, string>>;
};

/** A ModelProto of onnx.proto. */
export const modelProto = ({ name, nodes, tensors, inputs, outputs, notes }: Model): Uint8Array =>
  Message.bytes((model) => {
    model.integer(1, IR_VERSION);
    model.text(2, "regimen");
    model.message(7, () => {
      for (const node of nodes) model.message(1, () => nodeProto(model, node));
      model.text(2, name);
      for (const tensor of tensors) model.message(5, () => tensorProto(model, tensor));
      for (const port of inputs) model.message(11, () => valueInfo(model, port));
      for (const port of outputs) model.message(12, () => valueInfo(model, port));
    });
    model.message(8, () => {
      model.text(1, "");
      model.integer(2, OPSET);
    });
    for (const [key, value] of Object.entries(notes))
      model.message(14, () => {
        model.text(1, key);
        model.text(2, value);
      });
  });

function nodeProto(into: Message, { op, inputs, output, attributes }: Node): void {
  for (const input of inputs) into.text(1, input);
  into.text(2, output);
  into.text(3, output);
  into.text(4, op);
  for (const [name, value] of Object.entries(attributes)) into.message(5, () => attributeProto(into, name, value));
}

function attributeProto(into: Message, name: string, value: Attribute): void {
  into.text(1, name);
  if (typeof value === "number") {
    into.integer(3, value);
    into.integer(20, KINDS.int);
  } else if (typeof value === "string") {
    into.text(4, value);
    into.integer(20, KINDS.string);
  } else if ("float" in value) {
    into.float(2, value.float);
    into.integer(20, KINDS.float);
  } else {
    for (const one of value) into.integer(8, one);
    into.integer(20, KINDS.ints);
  }
}

function tensorProto(into: Message, { name, dtype, shape, values }: Tensor): void {
  for (const side of shape) into.integer(1, side);
  into.integer(2, TYPES[dtype]);
  into.text(8, name);
  into.bytes(9, bytesOf(values));
}

function valueInfo(into: Message, { name, shape }: Port): void {
  into.text(1, name);
  into.message(2, () =>
    into.message(1, () => {
      into.integer(1, TYPES.float32);
      into.message(2, () => {
        for (const side of shape)
          into.message(1, () => (side === null ? into.text(2, "batch") : into.integer(1, side)));
      });
    }),
  );
}
