import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRng, salt, threeWords, type Rng } from "@regimen/contracts";

const draws = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const moment = (values: readonly number[], order: number): number => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** order));
};
/** Largest distance between the draws' distribution and `cdf`, times √n: 1.95 is passed by one honest sample in a thousand. */
const kolmogorov = (values: readonly number[], cdf: (x: number) => number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  return Math.sqrt(n) * Math.max(...sorted.map((x, i) => Math.max(cdf(x) - i / n, (i + 1) / n - cdf(x))));
};

describe("the stream", () => {
  const U = (x: bigint): bigint => BigInt.asUintN(32, x);

  /** A slow transcription in big integers: the name's four words, then sfc32 as PractRand writes it. */
  function transcribed(name: string): () => bigint {
    const lane = [0x9e3779b9n, 0x243f6a88n, 0xb7e15162n, 0x85ebca6bn];
    for (const letter of name) {
      const k = BigInt(letter.charCodeAt(0));
      lane[0] = U((lane[1]! ^ k) * 597399067n);
      lane[1] = U((lane[2]! ^ k) * 2869860233n) ^ (lane[0]! >> 15n);
      lane[2] = U((lane[3]! ^ k) * 951274213n) ^ (lane[1]! >> 13n);
      lane[3] = U((lane[0]! ^ k) * 2716044179n) ^ (lane[2]! >> 16n);
    }
    let [a, b, c, counter] = lane.map((word) => {
      let x = word ^ BigInt(name.length);
      x = U((x ^ (x >> 16n)) * 0x85ebca6bn);
      x = U((x ^ (x >> 13n)) * 0xc2b2ae35n);
      return x ^ (x >> 16n);
    }) as [bigint, bigint, bigint, bigint];
    const next = (): bigint => {
      const out = U(a + b + counter);
      counter = U(counter + 1n);
      a = b ^ (b >> 9n);
      b = U(c + (c << 3n));
      c = U(U((c << 21n) | (c >> 11n)) + out);
      return out;
    };
    for (let i = 0; i < 15; i++) next();
    return next;
  }

  it("is sfc32 seeded by the full name, 53 bits a number", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii" }), fc.integer(), (name, seed) => {
        const next = transcribed(`regimen/${seed}\u0000$${name}`);
        const rng = createRng(seed).fork(name);
        for (let i = 0; i < 5; i++)
          expect(rng.uniform()).toBe(Number(((next() >> 5n) << 26n) | (next() >> 6n)) / 2 ** 53);
      }),
      { numRuns: 50 },
    );
  });

  it("gives these numbers for ever: a release that changes one breaks every policy's reproduction", () => {
    const rng = createRng(7).fork("golden");
    expect(draws(3, () => rng.uniform())).toEqual(GOLDEN.uniform);
    for (const expected of GOLDEN.normal) expect(rng.normal()).toBeCloseTo(expected, NEARLY);
    expect(draws(3, () => rng.int(1000))).toEqual(GOLDEN.int);
    for (const expected of GOLDEN.beta) expect(rng.beta(0.2, 0.2)).toBeCloseTo(expected, NEARLY);
    expect([...rng.permutation(8)]).toEqual(GOLDEN.permutation);
    expect([...rng.seed()]).toEqual(GOLDEN.seed);
    expect([...createRng("text").fork(3).fork("three").seed()]).toEqual(GOLDEN.forked);
    expect(["", "noise", "technique/touched"].map(salt)).toEqual(GOLDEN.salts);
    expect([0, 1, 7, "7", "5/trunk"].map(threeWords)).toEqual(GOLDEN.names);
  });
});

/** Through logarithms and cosines, whose last digit is the engine's. */
const NEARLY = 12;
const GOLDEN = {
  uniform: [0.7129161131635603, 0.6107578448317267, 0.4161897851943921],
  normal: [1.0615834624796587, 0.9882106423737935, -0.02337225275810924],
  int: [795, 795, 199],
  beta: [0.002045288666723321, 0.9999999993822246, 0.8141122763161943],
  permutation: [6, 2, 4, 7, 1, 3, 5, 0],
  seed: [894099230, 370155101],
  forked: [146177287, 40415207],
  salts: [615680963, 665785980, 929334429],
  names: ["rapid-gannet-grove", "lean-seal-glade", "sunny-stork-fern", "sunny-stork-fern", "late-moth-brook"],
};

describe("forks", () => {
  const first = (rng: Rng): number[] => draws(4, () => rng.uniform());

  it("depend on names alone, never on what was drawn or forked before", () => {
    const actions = fc.array(fc.constantFrom("uniform", "int", "normal", "beta", "permutation", "seed", "fork"));
    fc.assert(
      fc.property(fc.string(), fc.nat(), actions, (name, seed, before) => {
        const rng = createRng(seed);
        const act: Record<string, () => unknown> = {
          uniform: () => rng.uniform(),
          int: () => rng.int(9),
          normal: () => rng.normal(),
          beta: () => rng.beta(0.5, 2),
          permutation: () => rng.permutation(5),
          seed: () => rng.seed(),
          fork: () => rng.fork("other").uniform(),
        };
        for (const action of before) act[action]!();
        expect(first(rng.fork(name))).toEqual(first(createRng(seed).fork(name)));
      }),
    );
  });

  it("are told apart by name, by kind of name, and by path", () => {
    const root = createRng(3);
    const streams = [
      root,
      root.fork("a"),
      root.fork("b"),
      root.fork("ab"),
      root.fork("a").fork("b"),
      root.fork(1),
      root.fork("1"),
    ];
    const seen = streams.map((stream) => first(stream).join());
    expect(new Set([...seen, first(createRng(4)).join()]).size).toBe(streams.length + 1);
  });

  it("do not move with one another", () => {
    const columns = Array.from({ length: 6 }, (_, at) => {
      const rng = createRng(1).fork("step").fork(at);
      return draws(4000, () => rng.uniform() - 0.5);
    });
    for (const [at, one] of columns.entries())
      for (const other of columns.slice(at + 1))
        // 12 · E[xy] is a correlation; four standard errors of it are 4/√4000.
        expect(Math.abs(12 * mean(one.map((x, i) => x * other[i]!)))).toBeLessThan(4 / Math.sqrt(4000));
  });

  it("of neighbouring numbers begin with numbers that look random too", () => {
    const firsts = Array.from({ length: 20_000 }, (_, at) => createRng(1).fork("row").fork(at).uniform());
    expect(kolmogorov(firsts, (x) => x)).toBeLessThan(1.95);
    expect(Math.abs(12 * mean(firsts.slice(1).map((x, i) => (x - 0.5) * (firsts[i]! - 0.5))))).toBeLessThan(0.03);
  });
});

describe("the distributions", () => {
  const N = 40_000;
  /** Within four standard errors. */
  const near = (got: number, expected: number, sd: number): void =>
    expect(Math.abs(got - expected)).toBeLessThan((4 * sd) / Math.sqrt(N));

  it("uniform: flat on [0, 1)", () => {
    const rng = createRng(1).fork("uniform");
    const u = draws(N, () => rng.uniform());
    expect(Math.min(...u)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...u)).toBeLessThan(1);
    near(mean(u), 1 / 2, Math.sqrt(1 / 12));
    expect(moment(u, 2)).toBeCloseTo(1 / 12, 2);
    expect(kolmogorov(u, (x) => x)).toBeLessThan(1.95);
  });

  it("int: every number below n, equally often", () => {
    const rng = createRng(1).fork("int");
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < N; i++) counts[rng.int(7)]!++;
    // Chi-square with 6 degrees of freedom: 22.5 is passed by one in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - N / 7) ** 2 / (N / 7), 0)).toBeLessThan(22.5);
    expect(rng.int(1)).toBe(0);
  });

  it("normal: moments 0, 1, 0, 3, and independent pairs", () => {
    const rng = createRng(1).fork("normal");
    const x = draws(N, () => rng.normal());
    near(mean(x), 0, 1);
    near(moment(x, 2), 1, Math.sqrt(2));
    near(moment(x, 3), 0, Math.sqrt(15));
    near(moment(x, 4), 3, Math.sqrt(96));
    near(x.filter((value) => Math.abs(value) < 1).length / N, 0.6826895, 0.4655);
    near(x.filter((value) => value > 2).length / N, 0.0227501, 0.149);
    near(mean(x.slice(1).map((value, i) => value * x[i]!)), 0, 1);
  });

  it("beta(2, 5): its distribution is a polynomial", () => {
    const rng = createRng(1).fork("beta");
    const x = draws(N, () => rng.beta(2, 5));
    // P(X ≤ x) = P(at least 2 of 6 uniforms are ≤ x).
    expect(kolmogorov(x, (p) => 1 - (1 - p) ** 6 - 6 * p * (1 - p) ** 5)).toBeLessThan(1.95);
    near(mean(x), 2 / 7, Math.sqrt(10 / 392));
  });

  it("beta(0.2, 0.2): nearly all at the two ends, where the gammas underflow", () => {
    const rng = createRng(1).fork("beta");
    const x = draws(N, () => rng.beta(0.2, 0.2));
    expect(x.every((value) => value >= 0 && value <= 1)).toBe(true);
    near(mean(x), 0.5, Math.sqrt(0.178571));
    near(moment(x, 2), 0.04 / (0.16 * 1.4), 0.12);
    // t = u⁵ takes the pole at 0 out of ∫ t^−0.8 (1−t)^−0.8 dt; Simpson does the rest. Its half is the integral up to ½.
    const integral = (until: number): number => {
      const [b, n] = [until ** 0.2, 2000];
      const f = (u: number): number => 5 * (1 - u ** 5) ** -0.8;
      let sum = f(0) + f(b);
      for (let i = 1; i < n; i++) sum += (i % 2 ? 4 : 2) * f((i * b) / n);
      return (sum * b) / n / 3;
    };
    for (const until of [1e-12, 1e-6, 0.001, 0.05, 0.3, 0.5]) {
      const share = integral(until) / (2 * integral(0.5));
      const sd = Math.sqrt(share * (1 - share));
      near(x.filter((value) => value <= until).length / N, share, sd);
      near(x.filter((value) => value >= 1 - until).length / N, share, sd);
    }
  });

  it("beta stays in [0, 1] and is no NaN, however small or large its parameters", () => {
    const positive = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(positive, positive, fc.nat(), (a, b, seed) => {
        const x = createRng(seed).beta(a, b);
        return x >= 0 && x <= 1;
      }),
    );
  });

  it("permutation: all 24 orders of four, equally often", () => {
    const rng = createRng(1).fork("permutation");
    const counts = new Map<string, number>();
    for (let i = 0; i < N; i++) {
      const order = rng.permutation(4).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    const expected = N / 24;
    // Chi-square with 23 degrees of freedom: 49.7 is passed by one in a thousand.
    expect([...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(49.7);
    expect([...rng.permutation(0)]).toEqual([]);
  });

  it("permutation: each number once, whatever the length", () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(), (n, seed) => {
        const order = createRng(seed).permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it("seed: two words of 30 bits", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const words = [...createRng(seed).seed(), salt(String(seed))];
        return words.every((word) => Number.isInteger(word) && word >= 0 && word < 2 ** 30);
      }),
    );
  });
});

describe("threeWords", () => {
  it("are three words with hyphens, the same for the same seed, seldom the same for others", () => {
    const names = Array.from({ length: 2000 }, (_, seed) => threeWords(seed));
    expect(names.every((name) => /^[a-z]+-[a-z]+-[a-z]+$/.test(name))).toBe(true);
    expect(names.slice(0, 5)).toEqual([0, 1, 2, 3, 4].map(threeWords));
    // 67 · 58 · 55 names or so: a handful of twins among 2,000, by the birthday rule.
    expect(new Set(names).size).toBeGreaterThan(1975);
  });
});
