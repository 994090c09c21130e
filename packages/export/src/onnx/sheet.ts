import type { Graph, Kernel, Value } from "../graph.ts";
import { stored, type Weights } from "../precision.ts";
import type { Attribute, Node, Tensor } from "./proto.ts";
import { moved } from "./moved.ts";

/** Where the channels of [n, h, w, c] are in memory. Values of another rank than 4 are always "last". */
export type Layout = "first" | "last";

/**
 * Nodes and tensors as they gather. ONNX convolves with channels first, and the model's images have them last: each value is
 * kept as its maker left it, and turned at most once, so that turns remain only at the ends and in front of a flattening.
 */
export class Sheet {
  readonly nodes: Node[] = [];
  readonly tensors = new Map<string, Tensor>();
  readonly #weights: Weights;
  /** Values that the outside knows by name, with channels last. */ readonly #ports: ReadonlySet<Value>;
  readonly #names = new Map<Value, Map<Layout, string>>();

  constructor({ input, outputs }: Graph, weights: Weights) {
    this.#weights = weights;
    this.#ports = new Set([input, ...outputs]);
    this.#claim(input, "last");
  }

  /** How a value lies already; channels first where it lies both ways. */
  layout(value: Value): Layout {
    return this.#names.get(value)?.has("first") ? "first" : "last";
  }

  /** The name of a value that lies so, turned where it does not yet. */
  read(value: Value, layout: Layout): string {
    const known = this.#names.get(value)!.get(layout);
    if (known !== undefined) return known;
    const from = this.#names.get(value)!.get(layout === "first" ? "last" : "first")!;
    const perm = layout === "first" ? [0, 3, 1, 2] : [0, 2, 3, 1];
    return this.node("Transpose", [from], { perm }, this.#claim(value, layout));
  }

  /** Makes the value itself. */
  write(
    value: Value,
    layout: Layout,
    op: string,
    inputs: readonly string[],
    attributes: Node["attributes"] = {},
  ): void {
    this.node(op, inputs, attributes, this.#claim(value, layout));
  }

  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>, output: string): string {
    this.nodes.push({ op, inputs, output, attributes });
    return output;
  }

  floats(name: string, values: ArrayLike<number>, shape: readonly number[]): string {
    return this.#tensor({ name, dtype: "float32", shape, values: Float32Array.from(values) });
  }

  integers(name: string, values: readonly number[]): string {
    return this.#tensor({ name, dtype: "int64", shape: [values.length], values: BigInt64Array.from(values, BigInt) });
  }

  /**
   * A kernel as float32, with its axes in this order and then of this shape; `factored`: the shape that one factor for each
   * output channel has beside it. What is stored smaller is widened by nodes of constants, which runtimes compute once.
   */
  kernel(kernel: Kernel, order: readonly number[], shape: readonly number[], factored: readonly number[]): string {
    const { dtype, values, factors } = stored(kernel, this.#weights);
    const turned = { dtype, shape, values: moved(values, kernel.shape, order) };
    if (dtype === "float32") return this.#tensor({ name: this.#free(kernel.name), ...turned });
    const small = this.#tensor({ name: this.#free(`${kernel.name}/${dtype}`), ...turned });
    const wide = this.node("Cast", [small], { to: 1 }, this.#free(`${kernel.name}/wide`));
    if (!factors) return wide;
    const each = this.floats(this.#free(`${kernel.name}/factors`), factors, factored);
    return this.node("Mul", [wide, each], {}, this.#free(kernel.name));
  }

  #claim(value: Value, layout: Layout): string {
    const outside = this.#ports.has(value) || value.shape.length !== 4 ? "last" : "first";
    const name = layout === outside ? value.name : `${value.name}/channels_${layout}`;
    const names = this.#names.get(value) ?? new Map<Layout, string>();
    this.#names.set(value, names.set(layout, name));
    return name;
  }

  #tensor(tensor: Tensor): string {
    this.tensors.set(tensor.name, tensor);
    return tensor.name;
  }

  /** A layer that is used twice has its kernel here twice. */
  #free(name: string): string {
    const taken = (unique: string): boolean =>
      this.tensors.has(unique) || this.nodes.some(({ output }) => output === unique);
    let unique = name;
    for (let n = 2; taken(unique); n++) unique = `${name}_${n}`;
    return unique;
  }
}
