import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { createRng, type Shape } from "@regimen/contracts";
import { colour, identityColour, identityWarp, warp } from "@regimen/ops";
import { wasm } from "@regimen/backend-wasm";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  OPERATIONS,
  PROPORTIONAL,
  STANDARD,
  WIDE,
  applyPolicy,
  autoAugment,
  drawPolicy,
  isSigned,
  operationsNamed,
  operationsRefused,
  randAugment,
  strengthOf,
  trivialAugment,
  type Drawn,
  type Operation,
  type RandomPolicy,
  type Reach,
} from "../src/index.ts";

type Table = Readonly<Record<string, { strengths: number[] | null; signed: boolean }>>;
type Golden = {
  readonly h: number;
  readonly w: number;
  readonly randaugment: Table;
  readonly "trivialaugment wide": Table;
  readonly autoaugment: Table;
  readonly cifar10: readonly [string, number, number | null][][];
  readonly svhn: readonly [string, number, number | null][][];
  readonly chains: readonly { chain: [string, number][]; image: number[] }[];
};
const golden = JSON.parse(readFileSync(new URL("golden/policies.json", import.meta.url), "utf8")) as Golden;

/** torchvision's names in the order of ours. */
const THEIRS = [
  "Identity",
  "ShearX",
  "ShearY",
  "TranslateX",
  "TranslateY",
  "Rotate",
  "Brightness",
  "Color",
  "Contrast",
  "Sharpness",
  "Posterize",
  "Solarize",
  "AutoContrast",
  "Equalize",
  "Invert",
];
const ours = (name: string): Operation => OPERATIONS[THEIRS.indexOf(name)]!;
/** torchvision's strength in our units. */
function inOurs(operation: Operation, strength: number): number {
  if (operation.startsWith("translate")) return Math.trunc(strength + 1e-4); // it truncates when it applies them, of 15.999999 too
  if (operation === "posterize") return (8 - strength) / 7;
  if (operation === "solarize") return 1 - strength;
  return ["autocontrast", "equalize", "invert"].includes(operation) ? 1 : strength;
}

const { h: H, w: W } = golden;
const shape: Shape = { n: 1, h: H, w: W, c: 3, range: [0, 255], classes: 2 };
const pixels = Array.from({ length: H * W * 3 }, (_, at) => {
  const [y, x, c] = [Math.floor(at / (3 * W)), Math.floor(at / 3) % W, at % 3];
  return (30 + x * 11 + y * 7 + c * 23 + ((x * y * (c + 1)) % 17)) % 256;
});
const batchOf = (shape: Shape, values: readonly number[] = pixels) => ({
  shape,
  images: tf.tensor4d(Array.from({ length: shape.n }, () => values).flat(), [
    shape.n,
    shape.h,
    shape.w,
    shape.c,
  ]) as Tensor4D,
  warp: identityWarp(shape.n),
  colour: identityColour(shape.n, shape.c),
});
/** What comes of a policy's draws, with black outside. */
function applied(policy: RandomPolicy, shape: Shape, seed = 1, values: readonly number[] = pixels): tf.TypedArray {
  const draw = drawPolicy(policy, createRng(seed), shape);
  const fed = { warp: tf.tensor1d(draw.warp), strength: tf.tensor1d(draw.strength) };
  const batch = applyPolicy(policy, batchOf(shape, values), fed);
  const moved = warp(batch.images, batch.warp, { interpolation: "bilinear", fill: "constant", value: shape.range[0] });
  return colour(moved, batch.colour, shape.range).dataSync();
}
const always = (...chain: Drawn[]): RandomPolicy => ({
  layers: chain.length,
  operations: [...new Set(chain.map(([operation]) => operation))],
  draw: () => chain,
});

beforeAll(() => wasm.load());
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe("strengths", () => {
  const size = { h: 20, w: 32 };
  it.each([
    ["randaugment", PROPORTIONAL, 30],
    ["trivialaugment wide", WIDE, 30],
    ["autoaugment", PROPORTIONAL, 9],
  ] as const)("are torchvision's of %s", (name, reach, most) => {
    for (const [theirs, { strengths, signed }] of Object.entries(golden[name])) {
      const operation = ours(theirs);
      expect(isSigned(operation)).toBe(signed);
      strengths?.forEach((strength, level) =>
        expect(strengthOf(operation, level / most, reach, size)).toBeCloseTo(inOurs(operation, strength), 5),
      );
    }
  });

  it("of TrivialAugment's standard space are those of its paper", () => {
    const strongest = (operation: Operation) => strengthOf(operation, 1, STANDARD, size);
    expect(strongest("shear-x")).toBe(0.3);
    expect(strongest("translate-y")).toBe(10);
    expect(strongest("rotate")).toBe(30);
    expect(strongest("posterize")).toBeCloseTo(4 / 7, 6);
    expect(strongest("contrast")).toBe(0.9);
  });

  it("begin at the identity and never fall", () => {
    for (const reach of [PROPORTIONAL, STANDARD, WIDE] as Reach[])
      for (const operation of OPERATIONS.slice(0, 12)) {
        const levels = Array.from({ length: 31 }, (_, k) => strengthOf(operation, k / 30, reach, size));
        expect(levels[0]).toBe(0);
        levels.slice(1).forEach((level, k) => expect(level).toBeGreaterThanOrEqual(levels[k]!));
      }
  });
});

describe("chains of transforms", () => {
  it.each(golden.chains.map((one) => [one.chain.map(([name, by]) => `${name} ${by}`).join(", "), one] as const))(
    "%s: torchvision's image, to 1/255",
    (_, { chain, image }) => {
      const policy = always(...chain.map(([name, by]): Drawn => [ours(name), inOurs(ours(name), by)]));
      const got = applied(policy, shape);
      const movements = chain.filter(([name]) => /Shear|Translate|Rotate/.test(name)).length;
      image.forEach((value, at) => {
        const [y, x] = [Math.floor(at / (3 * W)), Math.floor(at / 3) % W];
        // Two movements: torchvision resamples twice and loses at the border what the first moved out.
        if (movements > 1 && (x < 5 || x >= W - 5 || y < 4 || y >= H - 4)) return;
        expect(Math.abs(got[at]! - value)).toBeLessThan(movements > 1 ? 12 : 1.01);
      });
    },
  );
});

describe("draws", () => {
  const count = (policy: RandomPolicy, n = 6000) => {
    const rng = createRng(7);
    const counts = new Map<Operation, number>();
    for (let i = 0; i < n; i++)
      for (const [operation] of policy.draw(rng, shape)) counts.set(operation, (counts.get(operation) ?? 0) + 1);
    return counts;
  };

  it("RandAugment and TrivialAugment take each of torchvision's fourteen transforms as often, RandAugment at one level", () => {
    for (const policy of [randAugment(2, 9), trivialAugment("wide")]) {
      const counts = count(policy);
      expect([...counts.keys()].sort()).toEqual(OPERATIONS.slice(0, 14).toSorted());
      for (const times of counts.values())
        expect(Math.abs(times / ((6000 * policy.layers) / 14) - 1)).toBeLessThan(0.25);
    }
    const rng = createRng(1);
    const shears = Array.from({ length: 4000 }, () => randAugment(1, 9).draw(rng, shape)[0]!)
      .filter(([operation]) => operation === "shear-x")
      .map(([, by]) => by);
    expect(new Set(shears.map((by) => by.toFixed(6)))).toEqual(new Set(["0.090000", "-0.090000"]));
  });

  it("AutoAugment has torchvision's pairs, chances and levels", () => {
    for (const name of ["cifar10", "svhn"] as const) {
      // A generator whose first number chooses the pair, and whose others always apply it, upwards.
      golden[name].forEach((pair, at) => {
        const rng = { ...createRng(1), int: () => at, uniform: () => 0.999_999 };
        expect(autoAugment(name).draw(rng as never, shape)).toHaveLength(2);
        for (const [k, [theirs, probability, level]] of pair.entries()) {
          const operation = ours(theirs);
          const drawnAt = (u: number) =>
            autoAugment(name).draw({ int: () => at, uniform: () => u } as never, { h: 20, w: 32 })[k]!;
          if (probability > 0) {
            const [got, by] = drawnAt(probability - 1e-9);
            expect(got).toBe(operation);
            const table = golden.autoaugment[theirs]!.strengths;
            expect(Math.abs(by)).toBeCloseTo(inOurs(operation, table && level !== null ? table[level]! : 0), 5);
          }
          expect(drawnAt(probability)[0]).toBe("identity");
        }
      });
      expect(golden[name]).toHaveLength(25);
    }
  });

  it("leave out what is to be left out", () => {
    const without = operationsNamed("rotate, translate equalize");
    expect(without).toEqual(["rotate", "translate-x", "translate-y", "equalize"]);
    for (const policy of [randAugment(2, 9, without), trivialAugment("wide", without), autoAugment("cifar10", without)])
      for (const operation of count(policy, 500).keys()) expect(without).not.toContain(operation);
    expect(() => operationsNamed("rotat")).toThrow(
      'REG_PARAM: there is no transform "rotat" to leave out; the nearest is "rotate"',
    );
    expect(
      operationsRefused([
        "@regimen/technique-augment/shear",
        "@regimen/technique-augment/rotate",
        "somebody-elses/thing",
      ]),
    ).toEqual(["shear-x", "shear-y", "rotate"]);
  });

  it("have one form, whatever is drawn", () => {
    for (const policy of [randAugment(3, 9), trivialAugment("standard"), autoAugment("svhn")]) {
      const form = (seed: number) =>
        Object.entries(drawPolicy(policy, createRng(seed), { n: 5, h: 8, w: 9 })).map(([key, { length }]) => [
          key,
          length,
        ]);
      expect(form(1)).toEqual(form(2));
    }
  });
});

describe("on a batch", () => {
  it("every example has its own transforms: the same as alone", () => {
    const chains: Drawn[][] = [
      [
        ["solarize", 0.5],
        ["contrast", 0.5],
      ],
      [
        ["rotate", 20],
        ["identity", 0],
      ],
      [
        ["equalize", 1],
        ["shear-x", -0.2],
      ],
      [
        ["brightness", -0.4],
        ["posterize", 3 / 7],
      ],
      [
        ["identity", 0],
        ["identity", 0],
      ],
    ];
    let next = 0;
    const all: RandomPolicy = {
      layers: 2,
      operations: [...new Set(chains.flat().map(([operation]) => operation))],
      draw: () => chains[next++]!,
    };
    const got = applied(all, { ...shape, n: chains.length });
    chains.forEach((chain, i) => {
      const alone = applied(always(...chain), shape);
      alone.forEach((value, at) => expect(got[i * pixels.length + at]).toBeCloseTo(value, 2));
    });
  });

  it("RandAugment at m = 0 and examples that draw nothing stay as they were, to the bit", () => {
    expect(Array.from(applied(randAugment(2, 0), shape))).toEqual(pixels);
    expect(Array.from(applied(always(["identity", 0], ["identity", 0]), shape))).toEqual(pixels);
  });

  it("float images in other ranges and of other channels come out alike", () => {
    const policy = randAugment(2, 20, ["saturation"]);
    const wide = applied(policy, shape, 3);
    const unit = applied(
      policy,
      { ...shape, range: [-1, 1] },
      3,
      pixels.map((value) => value / 127.5 - 1),
    );
    wide.forEach((value, at) => expect(Math.abs((unit[at]! + 1) * 127.5 - value)).toBeLessThan(0.6));
    for (const c of [1, 4]) {
      const values = Array.from({ length: H * W * c }, (_, at) => (at * 13) % 256);
      for (let seed = 0; seed < 6; seed++)
        expect(applied(randAugment(2, 20), { ...shape, c }, seed, values).every(Number.isFinite)).toBe(true);
    }
  });
});
