import type { Unary, Value } from "../graph.ts";
import { unsupported, type Maker, type Write } from "./maker.ts";

const one = (value: number): Float32Array => Float32Array.of(value);

/** A function of x, of the shape of x. */
type Curve = (maker: Maker, x: Value) => Value;
const unary =
  (fn: Unary): Curve =>
  ({ op }, x) =>
    op({ kind: "unary", fn }, [x], x.shape);
const softmax =
  (log: boolean): Curve =>
  ({ op }, x) =>
    op({ kind: "softmax", log }, [x], x.shape);
const clip = ({ op }: Maker, x: Value, low: number, high: number): Value =>
  op({ kind: "clip", low, high }, [x], x.shape);
const scaled = ({ op }: Maker, x: Value, scale: number, shift: number, part: string): Value =>
  op({ kind: "affine", scale: one(scale), shift: one(shift) }, [x], x.shape, part);

const swish: Curve = ({ op }, x) => {
  const gate = op({ kind: "unary", fn: "sigmoid" }, [x], x.shape, "sigmoid");
  return op({ kind: "binary", fn: "multiply" }, [x, gate], x.shape);
};

/** By the names that tfjs serialises. */
const CURVES: Readonly<Record<string, Curve>> = {
  relu: unary("relu"),
  sigmoid: unary("sigmoid"),
  tanh: unary("tanh"),
  softplus: unary("softplus"),
  softsign: unary("softsign"),
  selu: unary("selu"),
  softmax: softmax(false),
  logSoftmax: softmax(true),
  swish,
  elu: unary("elu"),
  relu6: (maker, x) => clip(maker, x, 0, 6),
  hardSigmoid: (maker, x) => clip(maker, scaled(maker, x, 0.2, 0.5, "line"), 0, 1),
  mish: ({ op }, x) => {
    const soft = op({ kind: "unary", fn: "softplus" }, [x], x.shape, "softplus");
    const gate = op({ kind: "unary", fn: "tanh" }, [soft], x.shape, "tanh");
    return op({ kind: "binary", fn: "multiply" }, [x, gate], x.shape);
  },
  gelu: (maker, x) => {
    const { op } = maker;
    const erf = op({ kind: "unary", fn: "erf" }, [scaled(maker, x, Math.SQRT1_2, 0, "narrow")], x.shape, "erf");
    return op({ kind: "binary", fn: "multiply" }, [x, scaled(maker, erf, 0.5, 0.5, "gate")], x.shape);
  },
};

/** What stands behind a layer's own work: `x` itself for a linear one. Errors: REG_MODEL_UNSUPPORTED. */
export function activated(maker: Maker, name: unknown, x: (last: boolean) => Value): Value {
  if (name == null || name === "linear") return x(true);
  const curve = typeof name === "string" ? CURVES[camel(name)] : undefined;
  if (!curve) throw unsupported(maker.layer, `its activation ${JSON.stringify(name)} has no counterpart there`);
  return curve(maker, x(false));
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const first =
  (curve: Curve): Write =>
  (maker, [x]) =>
    curve(maker, x!);

export const ACTIVATIONS: Readonly<Record<string, Write>> = {
  Activation: (maker, [x]) => activated(maker, maker.config["activation"], () => x!),
  "Regimen>Relu": first(CURVES["relu"]!),
  "Regimen>Swish": first(swish),
  "Regimen>Log": first(unary("log")),
  ReLU(maker, [x]) {
    const most = maker.config["maxValue"];
    return most == null ? CURVES["relu"]!(maker, x!) : clip(maker, x!, 0, Number(most));
  },
  LeakyReLU({ config, op }, [x]) {
    return op({ kind: "leaky", alpha: Number(config["alpha"] ?? 0.3) }, [x!]);
  },
  // tfjs knows no other alpha than 1.
  ELU: first(CURVES["elu"]!),
  Softmax(maker, [x]) {
    // One number may come as a list of one; tfjs takes 1 where none is told.
    const axis = Number(maker.config["axis"] ?? 1);
    if (axis !== -1 && axis !== x!.shape.length - 1)
      throw unsupported(maker.layer, `it works on axis ${axis}; expected the last`);
    return CURVES["softmax"]!(maker, x!);
  },
};
