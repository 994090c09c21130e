import type { Step, Weight } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { decayed, moving, named, norm, scaledWhere } from "./named.ts";

/** μ and whether the direction looks one velocity ahead. */
type Momentum = { readonly momentum: number; readonly nesterov: boolean };
const MOMENTUM = { kind: "value", range: [0, 0.9999], default: 0.9 } as const;
const nesterov = (on: boolean) => ({ kind: "choice", of: [true, false], default: on }) as const;

/** v ← μ v + x; gives v, or x + μ v with Nesterov's (Sutskever 2013, as in Keras and PyTorch). */
function withMomentum(by: string, x: Tensor, { name }: Weight, step: Step, { momentum, nesterov }: Momentum): Tensor {
  if (momentum === 0) return x;
  const velocity = moving(
    step.state(`${by}/${name}`, () => tf.zerosLike(x)),
    momentum,
    x,
  );
  return nesterov ? tf.add(x, tf.mul(velocity, momentum)) : velocity;
}

/** SGD with momentum. */
export const sgd = named<Momentum>(
  "sgd",
  { momentum: MOMENTUM, nesterov: nesterov(true) },
  (params, _weights, step) => (gradient, weight) => withMomentum("sgd", gradient, weight, step, params),
);

/**
 * RMSProp (Tieleman and Hinton 2012): v ← ρ v + (1 − ρ) g², direction g / (√v + ε), and momentum over that. ε stands outside
 * the root and the rate outside the momentum, as in PyTorch; Keras has both inside. ρ is Hinton's and Keras' 0.9 (PyTorch: 0.99).
 */
export const rmsprop = named<Momentum & { readonly rho: number; readonly epsilon: number }>(
  "rmsprop",
  {
    rho: { kind: "value", range: [0, 0.9999], default: 0.9 },
    momentum: { ...MOMENTUM, default: 0 },
    nesterov: nesterov(false),
    epsilon: { kind: "value", range: [1e-12, 1], scale: "log", default: 1e-7 },
  },
  ({ rho, epsilon, ...momentum }, _weights, step) =>
    (gradient, weight) => {
      const zeros = () => tf.zerosLike(gradient);
      const square = tf.mul(tf.square(gradient), 1 - rho);
      const v = moving(step.state(`rmsprop/v/${weight.name}`, zeros), rho, square);
      const scaled = tf.div(gradient, tf.add(tf.sqrt(v), epsilon));
      return withMomentum("rmsprop/momentum", scaled, weight, step, momentum);
    },
);

/**
 * LARS (You 2017): SGD with momentum, in which the gradient of each kernel, with its decay λw, is scaled by
 * η‖w‖ / (‖g‖ + λ‖w‖ + ε), or 1 where ‖w‖ or ‖g‖ is 0. Biases and normalisation are neither decayed nor scaled.
 */
export const lars = named<Momentum & { readonly eta: number; readonly lambda: number; readonly epsilon: number }>(
  "lars",
  {
    momentum: MOMENTUM,
    nesterov: nesterov(false),
    eta: { kind: "value", range: [1e-5, 1], scale: "log", default: 1e-3 },
    lambda: { kind: "value", range: [0, 0.1], default: 0 },
    epsilon: { kind: "value", range: [0, 1], default: 1e-8 },
  },
  ({ eta, lambda, epsilon, ...momentum }, _weights, step) =>
    (gradient, weight) => {
      const moved = (x: Tensor) => withMomentum("lars", x, weight, step, momentum);
      if (weight.role !== "kernel") return moved(gradient);
      const [w, g] = [norm(weight.variable), norm(gradient)];
      const ratio = tf.div(tf.mul(eta, w), tf.add(tf.add(g, tf.mul(lambda, w)), epsilon));
      return moved(scaledWhere(decayed(gradient, lambda, weight), ratio, w, g));
    },
);
