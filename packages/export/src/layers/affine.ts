import { unsupported, type Write } from "./maker.ts";

/** gamma · (x − mean) / √(variance + epsilon) + beta as one product and one sum, computed in double precision. */
const batchNormalization: Write = ({ layer, config, weight, op }, [x]) => {
  const rank = x!.shape.length;
  const axis = Number(config["axis"] ?? -1);
  if (axis !== -1 && axis !== rank - 1)
    throw unsupported(layer, `it normalises axis ${axis} of ${rank}; expected the last`);
  const [gamma, beta] = [weight("gamma")?.values, weight("beta")?.values];
  const mean = weight("moving_mean")!.values;
  const factors = Array.from(weight("moving_variance")!.values, (variance, c) => {
    return (gamma?.[c] ?? 1) / Math.sqrt(variance + Number(config["epsilon"]));
  });
  const shift = Float32Array.from(factors, (factor, c) => (beta?.[c] ?? 0) - mean[c]! * factor);
  return op({ kind: "affine", scale: Float32Array.from(factors), shift }, [x!]);
};

const numbers = (value: unknown, otherwise: number): Float32Array =>
  Float32Array.from(Array.isArray(value) ? value.map(Number) : [Number(value ?? otherwise)]);

export const AFFINE: Readonly<Record<string, Write>> = {
  BatchNormalization: batchNormalization,
  "Regimen>BatchNormalization": batchNormalization,
  Rescaling({ config, op }, [x]) {
    return op({ kind: "affine", scale: numbers(config["scale"], 1), shift: numbers(config["offset"], 0) }, [x!]);
  },
};
