// Techniques around the optimizer, in whole trainings on recorded steps.
import wasm from "@regimen/backend-wasm";
import { createRegimen, createRng, type Fragment, type Plugin } from "@regimen/core";
import { fromArrays } from "@regimen/data";
import classifier from "@regimen/scaffold-classifier";
import accumulation from "@regimen/technique-accumulation";
import gradientClipping from "@regimen/technique-gradient-clipping";
import l2 from "@regimen/technique-l2";
import lookahead from "@regimen/technique-lookahead";
import sam from "@regimen/technique-sam";
import weightDecay from "@regimen/technique-weight-decay";
import * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, it } from "vitest";

const SIDE = 8;
const IMAGES = 96;
const plugins: readonly Plugin[] = [wasm, classifier, accumulation, gradientClipping, l2, lookahead, sam, weightDecay];
const use = (name: string, params: Fragment["steps"][number]["with"]): Fragment["steps"][number] => ({
  use: `@regimen/technique-${name}`,
  with: params,
});

const model = (normalized: boolean): tfl.LayersModel =>
  tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [SIDE, SIDE, 3], filters: 4, kernelSize: 3, strides: 2, name: "conv" }),
      ...(normalized ? [tfl.layers.batchNormalization({ name: "norm" })] : []),
      tfl.layers.activation({ activation: "tanh", name: "tanh" }),
      tfl.layers.flatten({ name: "features" }),
      tfl.layers.dense({ units: 3, activation: "softmax", name: "predictions" }),
    ],
  });

type How = {
  readonly batchSize?: number;
  readonly optimizer?: string;
  readonly learningRate?: number;
  readonly epochs?: number;
  readonly normalized?: boolean;
};
/** The weights that a training ends with, by layer. */
async function trained(steps: Fragment["steps"], how: How = {}): Promise<Record<string, number[]>> {
  const { normalized = false, ...training } = how;
  const regimen = await createRegimen({ plugins, backend: "wasm" });
  const rng = createRng(1);
  const pixels = Uint8Array.from({ length: IMAGES * SIDE * SIDE * 3 }, () => rng.int(256));
  const labels = Array.from({ length: IMAGES }, (_, at) => at % 3);
  const data = await fromArrays(pixels, labels, { h: SIDE, w: SIDE, c: 3, classes: ["a", "b", "c"] });
  const plain = model(normalized);
  const { model: found, captured } = await regimen.fit({
    model: { model: plain, weights: "fresh" },
    data: { train: data, validation: data },
    training: { epochs: 3, batchSize: 48, learningRate: 0.02, schedule: "constant", optimizer: "sgd", ...training },
    policy: { steps },
    seed: 3,
  });
  expect(captured).toBe(true);
  const weights = found.layers.map((layer) => [
    layer.name,
    layer.getWeights().flatMap((weight) => [...weight.dataSync()]),
  ]);
  found.dispose();
  plain.dispose();
  await regimen.dispose();
  return Object.fromEntries(weights.filter(([, values]) => values!.length)) as Record<string, number[]>;
}
const apart = (a: Record<string, number[]>, b: Record<string, number[]>): number =>
  Math.max(...Object.entries(a).flatMap(([name, values]) => values.map((value, i) => Math.abs(value - b[name]![i]!))));

describe("accumulation over four steps is a batch four times as large", () => {
  const around = {
    nothing: [],
    "decoupled decay": [use("weight-decay", { lambda: 0.05 })],
    clipping: [use("gradient-clipping", { norm: 0.5 })],
    Lookahead: [use("lookahead", { k: 2, alpha: 0.5 })],
    "L2, clipping and Lookahead": [
      use("l2", { lambda: 0.01 }),
      use("gradient-clipping", { norm: 0.5 }),
      use("lookahead", { k: 3, alpha: 0.5 }),
    ],
  } as const;
  const small = use("accumulation", { steps: 4 });
  const cases = ["sgd", "adam:epsilon=0.001"].flatMap((optimizer) =>
    (Object.keys(around) as (keyof typeof around)[]).map((name) => [optimizer, name] as const),
  );

  it.each(cases)("%s with %s", async (optimizer, name) => {
    const large = await trained(around[name], { optimizer });
    const parts = await trained([...around[name], small], { optimizer, batchSize: 12 });
    expect(apart(parts, large)).toBeLessThan(1e-5);
    // Without it they are far apart.
    expect(apart(await trained(around[name], { optimizer, batchSize: 12 }), large)).toBeGreaterThan(1e-3);
  });
});

describe("SAM", () => {
  it("moves batch normalisation's averages as the first pass alone would", async () => {
    // At no rate to speak of the weights stay, and the averages of as many steps are the same; ρ is as large as can be.
    const how = { learningRate: 1e-12, normalized: true } as const;
    const plain = await trained([], { ...how, epochs: 1 });
    const sharp = await trained([use("sam", { rho: 0.5 })], { ...how, epochs: 2 });
    expect(apart(sharp, plain)).toBeLessThan(1e-6);
    expect(apart(await trained([], { ...how, epochs: 2 }), plain)).toBeGreaterThan(1e-3);
  });
});
