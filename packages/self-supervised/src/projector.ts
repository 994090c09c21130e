import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import type { Rng, Step, Weight } from "@regimen/contracts";
import { batchNormTrain, relu } from "@regimen/ops";

/** `apply`: [n, widths[0]] → [n, widths.at(-1)]. The weights are the step's states, of the part "projector". */
export type Projector = { readonly weights: readonly Weight[]; apply(features: Tensor2D): Tensor2D };

const EPSILON = 1e-5;

/**
 * The head that is trained with the backbone and then dropped: dense layers without bias, each but the last followed by batch
 * normalisation and relu (Chen et al. 2020, section 2.1 and its code; Zbontar et al. 2021, section 2.2). It has no moving
 * averages, since it never predicts. First weights are He-normal, drawn on the host: the same on every backend.
 *
 * @param widths features, hidden layers, output
 */
export function projector(step: Step, rng: Rng, widths: readonly number[]): Projector {
  const weights: Weight[] = [];
  const own = (name: string, role: Weight["role"], initial: () => tf.Tensor): tf.Variable => {
    const variable = step.state(`projector/${name}`, initial);
    weights.push({ name: `projector/${name}`, variable, part: "projector", role });
    return variable;
  };
  const layers = widths.slice(1).map((to, at) => {
    const from = widths[at]!;
    const kernel = own(`${at}/kernel`, "kernel", () => heNormal(rng.fork(at), from, to)) as unknown as Tensor2D;
    if (at === widths.length - 2) return { kernel };
    const gamma = own(`${at}/gamma`, "norm", () => tf.ones([to])) as unknown as Tensor1D;
    const beta = own(`${at}/beta`, "norm", () => tf.zeros([to])) as unknown as Tensor1D;
    return { kernel, gamma, beta };
  });
  return {
    weights,
    apply: (features) =>
      layers.reduce<Tensor2D>((x, { kernel, gamma, beta }) => {
        const y: Tensor2D = tf.matMul(x, kernel);
        return gamma ? (relu(batchNormTrain(y, gamma, beta, EPSILON).y) as Tensor2D) : y;
      }, features),
  };
}

function heNormal(rng: Rng, from: number, to: number): Tensor2D {
  const deviation = Math.sqrt(2 / from);
  return tf.tensor2d(
    Float32Array.from({ length: from * to }, () => deviation * rng.normal()),
    [from, to],
  );
}
