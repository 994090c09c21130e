import { BinaryWriter } from "@bufbuild/protobuf/wire";

/** An output of a node: its number in the order of the graph, and which of its outputs. */
export type Ref = { readonly node: Node; readonly output: number };

/** A node of a TensorFlow graph; `after` run before it, though it takes nothing from them. */
export interface Node {
  readonly op: string;
  readonly inputs: readonly Ref[];
  readonly attributes: readonly Attribute[];
  readonly after?: readonly Node[];
}

export type Attribute =
  | { readonly name: string; readonly kind: "type" | "int" | "float"; readonly value: number | readonly number[] }
  | { readonly name: string; readonly kind: "bool"; readonly value: boolean }
  | { readonly name: string; readonly kind: "string"; readonly value: string }
  | { readonly name: string; readonly kind: "shape"; readonly value: readonly number[] }
  | { readonly name: string; readonly kind: "tensor"; readonly value: Constant };
export type Constant = { readonly dtype: number; readonly shape: readonly number[]; readonly bytes: Uint8Array };

/** TensorFlow reads graphs of this version and later ones (tensorflow/core/public/version.h). */
const GRAPH_VERSION = 1395;
const LENGTH_DELIMITED = 2;

/** Fields of tensorflow/core/framework/attr_value.proto. */
const VALUE = { list: 1, string: 2, int: 3, float: 4, bool: 5, type: 6, shape: 7, tensor: 8 } as const;

/** `nodes` by name, in an order in which each stands behind what it needs; what none of them needs is left out. */
export function namesOf(wanted: readonly Node[]): Map<Node, string> {
  const names = new Map<Node, string>();
  // By hand: a step is deeper than the stack.
  const open = wanted.toReversed().map((node) => ({ node, ready: false }));
  while (open.length) {
    const { node, ready } = open.pop()!;
    if (names.has(node)) continue;
    if (ready) {
      names.set(node, `n${names.size}`);
      continue;
    }
    open.push({ node, ready: true });
    const needs = [...node.inputs.map((ref) => ref.node), ...(node.after ?? [])];
    for (const need of needs.toReversed()) if (!names.has(need)) open.push({ node: need, ready: false });
  }
  return names;
}

/** A SavedModel (tensorflow/core/protobuf/saved_model.proto) with the tag "serve". */
export function savedModel(names: ReadonlyMap<Node, string>): Uint8Array {
  const writer = new BinaryWriter();
  varint(writer, 1, 1);
  message(writer, 2, () => {
    message(writer, 1, () => text(writer, 4, "serve"));
    message(writer, 2, () => {
      for (const [node, name] of names) message(writer, 1, () => writeNode(writer, node, name, names));
      message(writer, 4, () => varint(writer, 1, GRAPH_VERSION));
    });
  });
  return writer.finish();
}

/** tensorflow/core/framework/node_def.proto */
function writeNode(writer: BinaryWriter, node: Node, name: string, names: ReadonlyMap<Node, string>): void {
  text(writer, 1, name);
  text(writer, 2, node.op);
  for (const { node: from, output } of node.inputs)
    text(writer, 3, output ? `${names.get(from)!}:${output}` : names.get(from)!);
  for (const before of node.after ?? []) text(writer, 3, `^${names.get(before)!}`);
  for (const attribute of node.attributes)
    message(writer, 5, () => {
      text(writer, 1, attribute.name);
      message(writer, 2, () => writeValue(writer, attribute));
    });
}

function writeValue(writer: BinaryWriter, attribute: Attribute): void {
  switch (attribute.kind) {
    case "type":
    case "int":
    case "float": {
      const field = VALUE[attribute.kind];
      const number = attribute.kind === "float" ? float : varint;
      const { value } = attribute;
      if (typeof value === "number") number(writer, field, value);
      else message(writer, VALUE.list, () => value.forEach((one) => number(writer, field, one)));
      return;
    }
    case "bool":
      varint(writer, VALUE.bool, attribute.value ? 1 : 0);
      return;
    case "string":
      text(writer, VALUE.string, attribute.value);
      return;
    case "shape":
      message(writer, VALUE.shape, () => writeShape(writer, attribute.value));
      return;
    case "tensor": {
      const { dtype, shape, bytes } = attribute.value;
      message(writer, VALUE.tensor, () => {
        varint(writer, 1, dtype);
        message(writer, 2, () => writeShape(writer, shape));
        writer.tag(4, LENGTH_DELIMITED).bytes(bytes);
      });
    }
  }
}

/** tensorflow/core/framework/tensor_shape.proto */
function writeShape(writer: BinaryWriter, shape: readonly number[]): void {
  for (const side of shape) message(writer, 2, () => varint(writer, 1, side));
}

const message = (writer: BinaryWriter, field: number, inside: () => void): void => {
  writer.tag(field, LENGTH_DELIMITED).fork();
  inside();
  writer.join();
};
const text = (writer: BinaryWriter, field: number, value: string): unknown =>
  writer.tag(field, LENGTH_DELIMITED).string(value);
const varint = (writer: BinaryWriter, field: number, value: number): unknown => writer.tag(field, 0).int64(value);
const float = (writer: BinaryWriter, field: number, value: number): unknown => writer.tag(field, 5).float(value);
