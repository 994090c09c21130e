import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Variable } from "@tensorflow/tfjs-core";
import type { Program } from "@regimen/core";
import type { Attribute, Constant, Node, Ref } from "./graph.ts";
import type { Binding, Handle, OpAttribute, TensorFlow } from "./tensorflow.ts";

/** A tensor that outlives the runs: a variable, or whatever else the program took from outside. */
export interface Cell {
  /** Whoever takes the trace deletes a handle. */ readonly of: Variable | Handle;
  readonly dtype: number;
  readonly shape: readonly number[];
  readonly handle: Node;
  readonly read: Node;
  /** What the program assigns to it. */ next?: Ref;
}
/** What a program did, as a graph. */
export interface Traced {
  readonly inputs: readonly { readonly name: string; readonly node: Node; readonly dtype: number }[];
  readonly cells: readonly Cell[];
  readonly outputs: readonly { readonly name: string; readonly ref: Ref }[];
}

/** Floats from so many on are not worth keeping for their values. */
const LARGE = 2 ** 18;
/** A variable begins with values of the batch. */
class Blanked extends Error {}

/**
 * Runs `program` op by op on `example`, and writes down what TensorFlow is asked for. Variables are put back.
 *
 * Op by op everything that a step makes is alive until its end, which would be the peak of a whole training's memory. Nobody looks at
 * these values: only shapes are needed. So what is large and comes of the example is zeros, which all tensors of a shape
 * share; unless a variable that lasts were to begin with them.
 *
 * Errors: a host read, or an attribute that cannot be written down.
 */
export function traced(backend: TensorFlow, example: NamedTensorMap, program: Program): Traced {
  try {
    return new Trace(backend, true).run(example, program);
  } catch (error) {
    if (error instanceof Blanked) return new Trace(backend, false).run(example, program);
    throw error;
  }
}

/** Tensors of zeros, of any shape and all in one piece of memory. */
class Zeros {
  readonly #binding: Binding;
  readonly #byShape = new Map<string, number>();
  #count = 0;
  #flat: number | undefined;

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  /** Floats as many as `like` has, in its shape; the caller deletes them. */
  of({ id, shape }: Handle): Handle {
    const key = `${shape}`;
    const known = this.#byShape.get(key) ?? this.#view(id, shape);
    this.#byShape.set(key, known);
    return this.#make("Identity", known);
  }

  dispose(): void {
    for (const id of [...this.#byShape.values(), this.#flat]) if (id !== undefined) this.#binding.deleteTensor(id);
  }

  #view(like: number, shape: readonly number[]): number {
    const count = countOf(shape);
    if (count > this.#count) {
      if (this.#flat !== undefined) this.#binding.deleteTensor(this.#flat);
      const zeros = this.#make("ZerosLike", like).id;
      this.#flat = this.#make("Reshape", zeros, [-1]).id;
      this.#count = count;
      this.#binding.deleteTensor(zeros);
    }
    const piece = this.#make("Slice", this.#flat!, [0], [count]).id;
    const view = this.#make("Reshape", piece, shape).id;
    this.#binding.deleteTensor(piece);
    return view;
  }

  /** An op of a float tensor and lists of integers. Neither a slice from the beginning nor another shape copies anything. */
  #make(op: string, id: number, ...lists: readonly (readonly number[])[]): Handle {
    const { TF_ATTR_TYPE: type, TF_FLOAT, TF_INT32 } = this.#binding;
    const given = lists.map((list) => this.#binding.createTensor([list.length], TF_INT32, Int32Array.from(list)));
    const attributes = [
      { name: "T", type, value: TF_FLOAT },
      ...(op === "Slice" ? [{ name: "Index", type, value: TF_INT32 }] : []),
      ...(op === "Reshape" ? [{ name: "Tshape", type, value: TF_INT32 }] : []),
    ];
    const [made] = this.#binding.executeOp(op, attributes, [id, ...given], 1);
    for (const list of given) this.#binding.deleteTensor(list);
    return made!;
  }
}

class Trace {
  readonly #backend: TensorFlow;
  readonly #binding: Binding;
  readonly #refs = new Map<number, Ref>();
  readonly #cells = new Map<number, Cell>();
  /** Variables by the number of the tensor that they began with, and a clone that holds it. */
  readonly #variables = new Map<number, { readonly variable: Variable; readonly before: tf.Tensor }>();

  /** The tensors that come of the example, by number. */
  readonly #derived = new Set<number>();
  /** Null: all values are kept. */ readonly #zeros: Zeros | null;

  constructor(backend: TensorFlow, blank: boolean) {
    this.#backend = backend;
    this.#binding = backend.binding;
    this.#zeros = blank ? new Zeros(this.#binding) : null;
  }

  run(example: NamedTensorMap, program: Program): Traced {
    const { registeredVariables } = tf.engine();
    for (const variable of Object.values(registeredVariables)) this.#began(variable);
    const inputs = Object.entries(example).map(([name, tensor]) => {
      const [dtype, shape] = [this.#backend.typeAttributeFromTensor(tensor), tensor.shape];
      const node = nodeOf("Placeholder", [], [type("dtype", dtype), { name: "shape", kind: "shape", value: shape }]);
      // A copy: whatever outlives the run must not be JavaScript's memory, which TensorFlow's threads cannot free.
      const copy = nodeOf("DeepCopy", [first(node)], [type("T", dtype)]);
      this.#refs.set(this.#id(tensor), first(copy));
      this.#derived.add(this.#id(tensor));
      return { name, node, dtype };
    });
    // By prototype: what is not watched is the binding's own. Defined, since its own properties may not be assigned.
    const watched = Object.entries(this.#watched()).map(([name, value]) => [name, { value }] as const);
    this.#backend.binding = Object.create(this.#binding, Object.fromEntries(watched)) as Binding;
    tf.engine().startScope();
    try {
      const answer = program(example, (variable) => void this.#cell(this.#began(variable)));
      const outputs = Object.entries(answer).map(([name, tensor]) => ({ name, ref: this.#refOf(this.#id(tensor)) }));
      tf.dispose(answer);
      for (const [before, { variable }] of this.#variables) {
        const now = this.#id(variable);
        if (now !== before) this.#cell(before).next = this.#refOf(now);
      }
      return { inputs, cells: [...this.#cells.values()], outputs };
    } catch (error) {
      for (const { of } of this.#cells.values()) if (!(of instanceof tf.Variable)) this.#binding.deleteTensor(of.id);
      throw error;
    } finally {
      tf.engine().endScope();
      this.#backend.binding = this.#binding;
      this.#zeros?.dispose();
      for (const { variable, before } of this.#variables.values()) {
        if (!variable.isDisposed) variable.assign(before);
        before.dispose();
      }
    }
  }

  #id(tensor: tf.TensorInfo): number {
    return this.#backend.getInputTensorIds([tensor])[0]!;
  }

  /** Takes up a variable, under a number of its own: its first value may be another variable's too, or one that the program made. */
  #began(variable: Variable): number {
    const shared = this.#id(variable);
    if (this.#zeros && this.#derived.has(shared)) throw new Blanked();
    if (this.#variables.has(shared) || this.#refs.has(shared)) {
      const T = { name: "T", type: this.#binding.TF_ATTR_TYPE, value: this.#backend.typeAttributeFromTensor(variable) };
      const own = this.#backend.createOutputTensor(this.#binding.executeOp("Identity", [T], [shared], 1)[0]!);
      variable.assign(own);
      own.dispose();
    }
    const id = this.#id(variable);
    this.#variables.set(id, { variable, before: tf.keep(tf.clone(variable)) });
    return id;
  }

  #watched(): Partial<Binding> {
    return {
      createTensor: (shape, dtype, values) => {
        const id = this.#binding.createTensor(shape, dtype, values);
        const constant: Constant = { dtype, shape: [...shape], bytes: bytesOf(values) };
        const value: Attribute = { name: "value", kind: "tensor", value: constant };
        this.#refs.set(id, first(nodeOf("Const", [], [type("dtype", dtype), value])));
        return id;
      },
      executeOp: (op, attributes, inputs, outputs) => {
        const refs = inputs.map((id) => this.#refOf(id));
        const written = attributes.map((attribute) => this.#attribute(op, attribute));
        const values = this.#binding.executeOp(op, attributes, inputs, outputs);
        // Zeros are zeros, whatever they are like.
        const derived = op !== "ZerosLike" && inputs.some((id) => this.#derived.has(id));
        const made = derived ? values.map((value) => this.#blanked(value)) : values;
        if (derived) for (const { id } of made) this.#derived.add(id);
        if (op === "AddN")
          this.#refs.set(
            made[0]!.id,
            refs.reduce((sum, term) => added([sum, term], written)),
          );
        else {
          const node = op === "Add" ? added(refs, written).node : nodeOf(op, refs, written);
          made.forEach(({ id }, output) => this.#refs.set(id, { node, output }));
        }
        return made;
      },
      tensorDataSync: () => {
        throw new Error("it reads a tensor on the host");
      },
      runSavedModel: () => {
        throw new Error("it runs another recording");
      },
    };
  }

  /** Zeros in place of what is large. Integers stay: they may say where to look. */
  #blanked(value: Handle): Handle {
    const { id, shape, dtype } = value;
    if (!this.#zeros || dtype !== this.#binding.TF_FLOAT || countOf(shape) < LARGE) return value;
    const zeros = this.#zeros.of(value);
    this.#binding.deleteTensor(id);
    return zeros;
  }

  #refOf(id: number): Ref {
    return this.#refs.get(id) ?? first(this.#cell(id).read);
  }

  /** The tensor that the program took from outside: a variable of the graph. */
  #cell(id: number): Cell {
    const known = this.#cells.get(id);
    if (known) return known;
    const of = this.#variables.get(id)?.variable ?? this.#hold(id);
    const dtype = of instanceof tf.Variable ? this.#backend.typeAttributeFromTensor(of) : of.dtype;
    const { shape } = of;
    const name = `v${this.#cells.size}`;
    const handle = nodeOf(
      "VarHandleOp",
      [],
      [
        type("dtype", dtype),
        { name: "shape", kind: "shape", value: shape },
        { name: "shared_name", kind: "string", value: name },
        { name: "container", kind: "string", value: "" },
      ],
    );
    const read = nodeOf("ReadVariableOp", [first(handle)], [type("dtype", dtype)]);
    const cell: Cell = { of, dtype, shape, handle, read };
    this.#cells.set(id, cell);
    this.#refs.set(id, first(read));
    return cell;
  }

  /** A handle of our own to tensor `id`, so that its owner may dispose of it. */
  #hold(id: number): Handle {
    const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32, TF_BOOL } = this.#binding;
    // Nothing tells a tensor's type but a failed op: the usual one first.
    for (const value of [TF_FLOAT, TF_INT32, TF_BOOL])
      try {
        return this.#binding.executeOp("Identity", [{ name: "T", type: TF_ATTR_TYPE, value }], [id], 1)[0]!;
      } catch {
        continue;
      }
    throw new Error("it uses a tensor of a type that cannot be kept");
  }

  #attribute(op: string, { name, type: kind, value }: OpAttribute): Attribute {
    const { TF_ATTR_TYPE, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_STRING, TF_ATTR_SHAPE } = this.#binding;
    switch (kind) {
      case TF_ATTR_TYPE:
        return { name, kind: "type", value: value as number | number[] };
      case TF_ATTR_INT:
        return { name, kind: "int", value: value as number | number[] };
      case TF_ATTR_FLOAT:
        return { name, kind: "float", value: value as number | number[] };
      case TF_ATTR_BOOL:
        return { name, kind: "bool", value: Boolean(value) };
      case TF_ATTR_STRING:
        return { name, kind: "string", value: String(value) };
      case TF_ATTR_SHAPE:
        return { name, kind: "shape", value: value as number[] };
      default:
        throw new Error(`its op ${op} has an attribute (${name}) of an unknown kind`);
    }
  }
}

const countOf = (shape: readonly number[]): number => shape.reduce((all, side) => all * side, 1);
const nodeOf = (op: string, inputs: readonly Ref[], attributes: readonly Attribute[]): Node => ({
  op,
  inputs,
  attributes,
});
const first = (node: Node): Ref => ({ node, output: 0 });
const type = (name: string, value: number): Attribute => ({ name, kind: "type", value });

/**
 * The sum of two, which TensorFlow's optimizer is not to join with others into an AddN (kAddOpsRewriteTag in its
 * grappler/optimizers/arithmetic_optimizer.cc). An AddN begins with whichever term's memory it may reuse, and where memory is
 * short it becomes additions to a variable by whichever term is there first: either way the last bit would differ from run to run.
 */
const added = (terms: readonly Ref[], attributes: readonly Attribute[]): Ref =>
  first(nodeOf("Add", terms, [...attributes.filter(({ name }) => name === "T"), AS_IT_IS]));
const AS_IT_IS: Attribute = { name: "_grappler_ArithmeticOptimizer_AddOpsRewriteStage", kind: "bool", value: true };

/** A copy, as it lies in a TensorProto; the binding takes 64-bit integers as pairs of halves, which lie the same way. */
const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
