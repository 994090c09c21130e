import type { Pair, Shape } from "../graph.ts";
import { channelsLast, pair, unsupported, type Write } from "./maker.ts";

const same: Write = (_, [x]) => x!;

const pool =
  (fn: "max" | "average"): Write =>
  (maker, [x]) => {
    channelsLast(maker);
    const { config, op } = maker;
    const size = pair(config["poolSize"], 2);
    const strides = config["strides"] == null ? size : pair(config["strides"], 1);
    return op({ kind: "pool", fn, size, strides, padding: config["padding"] === "same" ? "same" : "valid" }, [x!]);
  };

const reduce =
  (fn: "max" | "mean"): Write =>
  (maker, [x]) => {
    channelsLast(maker);
    return maker.op({ kind: "reduce", fn, keep: maker.shape.length === 4 }, [x!]);
  };

/** [[top, bottom], [left, right]], from a number, a pair of numbers, or that. */
function sidesOf(value: unknown, otherwise: number): readonly [Pair, Pair] {
  const [rows, columns] = Array.isArray(value) ? value : [value, value];
  return [pair(rows, otherwise), pair(columns, otherwise)];
}

const reshape: Write = (maker, [x]) => {
  channelsLast(maker);
  return maker.op({ kind: "reshape" }, [x!]);
};

export const SHAPES: Readonly<Record<string, Write>> = {
  AlphaDropout: same,
  Dropout: same,
  GaussianDropout: same,
  GaussianNoise: same,
  SpatialDropout1D: same,
  "Regimen>AlphaDropout": same,
  "Regimen>Dropout": same,
  "Regimen>GaussianDropout": same,
  "Regimen>GaussianNoise": same,
  MaxPooling2D: pool("max"),
  AveragePooling2D: pool("average"),
  GlobalMaxPooling2D: reduce("max"),
  GlobalAveragePooling2D: reduce("mean"),
  "Regimen>GlobalAveragePooling2D": reduce("mean"),
  Flatten: reshape,
  Reshape: reshape,
  Permute({ config, op }, [x]) {
    return op({ kind: "transpose", order: [0, ...(config["dims"] as number[])] }, [x!]);
  },
  ZeroPadding2D(maker, [x]) {
    channelsLast(maker);
    return maker.op({ kind: "pad", sides: sidesOf(maker.config["padding"], 1) }, [x!]);
  },
  Cropping2D(maker, [x]) {
    channelsLast(maker);
    return maker.op({ kind: "crop", sides: sidesOf(maker.config["cropping"], 0) }, [x!]);
  },
  UpSampling2D(maker, [x]) {
    channelsLast(maker);
    const { layer, config, op } = maker;
    const fn = config["interpolation"] ?? "nearest";
    if (fn !== "nearest" && fn !== "bilinear")
      throw unsupported(layer, `it interpolates by ${JSON.stringify(fn)}; expected "nearest" or "bilinear"`);
    return op({ kind: "resize", fn, by: pair(config["size"], 2) }, [x!]);
  },
};

/** Whether values of these shapes broadcast channel by channel in both layouts of images. */
export const alike = (shapes: readonly Shape[]): boolean => new Set(shapes.map(({ length }) => length)).size === 1;
