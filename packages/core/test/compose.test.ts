import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import {
  SLOTS,
  averagesOf,
  composePolicy,
  createRng,
  drawFor,
  type Fragment,
  type Params,
  type Slot,
  type Step,
  type Technique,
  type Weight,
} from "@regimen/core";
import { technique, uses } from "./support/jobs.ts";

const known = { task: "classification", facts: ["residual"] } as const;
type Order = Partial<Omit<Technique["order"], "slot">>;
const at = (name: string, slot: Slot, order: Order = {}, more: Partial<Technique> = {}): Technique =>
  technique({ name, create: () => ({}), order: { slot, ...order }, ...more } as Parameters<typeof technique>[0]);
const names = (
  techniques: readonly Technique[],
  policy: Fragment = uses(...techniques.map(({ name }) => name)),
): string[] => composePolicy(policy, techniques, known).members.map(({ name }) => name);
const failing = (code: string, techniques: readonly Technique[], policy: Fragment, ...words: string[]): void => {
  try {
    composePolicy(policy, techniques, known);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code, input: true });
    for (const word of words) expect((error as Error).message).toContain(word);
  }
};

describe("the order of techniques", () => {
  it("is by slot, then by `after`, then by name, however a policy lists them", () => {
    const techniques = [
      at("zoom", "space"),
      at("invert", "colour", { after: ["posterize"] }),
      at("posterize", "colour"),
      at("brightness", "colour", { after: ["invert"] }),
      at("equalize", "colour"),
      at("@scope/mixup", "mix"),
      at("cutmix", "mix"),
      at("ensemble", "ensemble"),
      at("balanced", "sample"),
    ];
    const expected = [
      "balanced",
      "zoom",
      "equalize",
      "posterize",
      "invert",
      "brightness",
      "@scope/mixup",
      "cutmix",
      "ensemble",
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(techniques, { minLength: techniques.length }), fc.nat(), (listed, seed) => {
        const registered = [...createRng(seed).permutation(techniques.length)].map((i) => techniques[i]!);
        expect(names(registered, uses(...listed.map(({ name }) => name)))).toEqual(expected);
      }),
    );
  });

  it("puts every slot in its place", () => {
    const each = SLOTS.map((slot, i) => at(`t${String(100 - i)}`, slot));
    const order = composePolicy(uses(...each.map(({ name }) => name)), each, known).members.map(({ slot }) => slot);
    expect(order).toEqual([...SLOTS]);
  });

  it("keeps one-of groups together, `after` what they wait for", () => {
    const mix = (name: string, after?: string[]) => at(name, "mix", { oneOf: "mix", ...(after && { after }) });
    expect(names([mix("a"), at("b", "mix"), mix("c")])).toEqual(["b", "a", "c"]);
    expect(names([mix("c", ["d"]), mix("d"), at("e", "mix")])).toEqual(["e", "d", "c"]);
  });

  it("does not mind `after` what is not there, and says where two wait for one another", () => {
    expect(names([at("b", "mix", { after: ["gone"] }), at("a", "mix", { after: ["b"] })])).toEqual(["b", "a"]);
    const round = [at("a", "mix", { after: ["b"] }), at("b", "mix", { after: ["a"] })];
    failing("REG_POLICY_CONFLICT", round, uses("a", "b"), '"a"', "after");
  });
});

describe("a composition", () => {
  const rated = technique<{ m: number; rate: number }>({
    name: "rated",
    space: {
      m: { kind: "m", range: [0, 1], default: 0.5, off: 0 },
      rate: { kind: "rr", range: [0, 1], default: 0.25, off: 0 },
    },
    cost: ({ m }) => 1 + m,
    create: (params) => ({ draw: () => ({ m: Float32Array.of(params.m) }), batch: (batch) => batch }),
  });

  it("leaves out what is off, completes hyperparameters, and multiplies costs", () => {
    const techniques = [rated, at("plain", "mix"), at("double", "mix", {}, { cost: () => 2 })];
    const of = (params: Params) =>
      composePolicy({ steps: [{ use: "rated", with: params }, ...uses("plain", "double").steps] }, techniques, known);
    expect(of({}).members.map(({ name, params, rr }) => [name, params, rr])).toContainEqual([
      "rated",
      { m: 0.5, rate: 0.25 },
      0.25,
    ]);
    expect(of({}).cost).toBe(3);
    expect(of({ m: 0 }).members.map(({ name }) => name)).toEqual(["double", "plain"]);
    expect(of({ rate: 0 }).cost).toBe(2);
    expect(of({ rate: 1 }).members.find(({ name }) => name === "rated")!.rr).toBeUndefined();
  });

  it("draws for each from its own stream, whoever stands beside it", () => {
    const drawing = (name: string) =>
      at(name, "mix", {}, { create: () => ({ draw: (rng) => ({ u: Float32Array.of(rng.uniform()) }) }) });
    const shape = { n: 4, h: 1, w: 1, c: 1, range: [0, 1], classes: 2 } as const;
    const of = (...all: string[]) =>
      drawFor(composePolicy(uses(...all), all.map(drawing), known).members, createRng(1), shape);
    expect(of("a", "b", "c")["b"]).toEqual(of("b")["b"]);
    expect(of("a", "b")["a"]).not.toEqual(of("a", "b")["b"]);
    const { members } = composePolicy(uses(["rated", { rate: 0.5 }]), [rated], known);
    const draws = drawFor(members, createRng(1), shape);
    expect(draws["rated"]!["m"]).toEqual(Float32Array.of(0.5));
    expect(draws["rated/touched"]!["touched"]).toHaveLength(4);
  });
});

describe("what cannot be composed", () => {
  const a = at("a", "mix");
  it("a technique that is not installed: which step, and what to type", () => {
    const missing = (use: string, run: string) =>
      failing("REG_PLUGIN_MISSING", [a], uses("a", use), "step 2", `"${use}"`, `run: npm i ${run}`);
    missing("@regimen/technique-cutmix", "@regimen/technique-cutmix");
    missing("@regimen/technique-augment/mirror", "@regimen/technique-augment");
    missing("regimen-technique-foo", "regimen-technique-foo");
    missing("regimen-technique-foo/bar", "regimen-technique-foo");
    const has = "regimen-technique-foo has not; it has bar";
    failing("REG_PLUGIN_MISSING", [at("regimen-technique-foo/bar", "mix")], uses("regimen-technique-foo/baz"), has);
  });

  it("one that is for another task, needs what is not there, or stands beside its rival", () => {
    failing(
      "REG_TASK",
      [at("seg", "mix", {}, { tasks: ["semantic_segmentation", "detection"] })],
      uses("seg"),
      '"seg"',
      "semantic_segmentation, detection",
      "classification",
    );
    failing(
      "REG_POLICY_NEEDS",
      [at("ns", "pseudo", { needs: ["residual", "unlabeled", "batch-norm"] })],
      uses("ns"),
      '"ns" needs unlabeled, batch-norm',
    );
    failing("REG_POLICY_CONFLICT", [a, at("b", "mix", { conflicts: ["a"] })], uses("a", "b"), '"b" conflicts with "a"');
    expect(names([at("depth", "topology", { needs: ["residual"] })])).toEqual(["depth"]);
  });

  it("one that stands there twice, or whose hyperparameters are not its own", () => {
    failing("REG_POLICY_CONFLICT", [a], uses("a", "a"), "twice");
    failing("REG_PARAM_UNKNOWN", [a], uses(["a", { alpha: 1 }]), '"alpha"');
    const ranged = at("r", "mix", {}, { space: { m: { kind: "m", range: [0, 1], default: 0, off: 0 } } });
    failing("REG_PARAM", [ranged], uses(["r", { m: 2 }]), "r: m is 2", "0 to 1");
  });

  it("and does not mind any of it where the technique is off", () => {
    const off = at(
      "x",
      "mix",
      { needs: ["unlabeled"], conflicts: ["a"] },
      { space: { m: { kind: "m", range: [0, 1], default: 1, off: 0 } } },
    );
    expect(names([a, off], uses("a", ["x", { m: 0 }]))).toEqual(["a"]);
  });
});

describe("averages", () => {
  it("build on those before them, and leave the weights alone", () => {
    const weights = ["a", "b"].map((name): Weight => {
      const variable = tf.tidy(() => tf.variable(tf.scalar(1)));
      return { name, variable, part: "head", role: "kernel" };
    });
    const made: tf.Variable[] = [];
    const adding = (name: string, amount: number, only: readonly string[]): Technique =>
      technique({
        name,
        order: { slot: "average" },
        create: () => ({
          average: (seen) =>
            Object.fromEntries(
              seen.flatMap(({ name: of, variable }) => {
                if (!only.includes(of)) return [];
                made.push(tf.tidy(() => tf.variable(tf.add(variable, amount))));
                return [[of, made.at(-1)!]];
              }),
            ),
        }),
      });
    const techniques = [adding("second", 20, ["a", "b"]), adding("first", 3, ["a"]), at("third", "average")];
    const { members } = composePolicy(uses("third", "second", "first"), techniques, known);
    const averages = averagesOf(members, weights, { of: () => undefined } as unknown as Step);
    expect(Object.entries(averages).map(([name, of]) => [name, of.dataSync()[0]])).toEqual([
      ["a", 24],
      ["b", 21],
    ]);
    expect(weights.map(({ variable }) => variable.dataSync()[0])).toEqual([1, 1]);
    tf.dispose([...made, ...weights.map(({ variable }) => variable)]);
  });
});
