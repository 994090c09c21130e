import { describe, expect, it } from "vitest";
import { fragmentOf, parsePolicy, policyOf, type Policy, type Technique } from "@regimen/contracts";

const train = { epochs: 3.25, batchSize: 32, learningRate: 0.01, optimizer: "sgd", schedule: "cosine" };
const toy: Technique<{ m: number; k: number }> = {
  name: "toy",
  version: "2.1.0",
  group: "test",
  paper: "none",
  space: { m: { kind: "m", range: [0, 1], default: 0.5, off: 0 }, k: { kind: "value", range: [1, 9], default: 3 } },
  order: { slot: "mix" },
  create: () => ({}),
};
const policy: Policy = {
  format: 1,
  name: "amber-kestrel-furnace",
  engine: "0.1.0",
  seed: 7,
  train,
  steps: [{ use: "toy", version: "2.1.0", with: { m: 0.5, k: 3 } }],
};
const failing = (json: unknown, code: string, ...words: string[]): void => {
  try {
    parsePolicy(json);
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code, input: true });
    for (const word of words) expect((error as Error).message).toContain(word);
  }
};

describe("parsePolicy", () => {
  it("takes what policyOf writes, through JSON", () => {
    const written = policyOf({ steps: [{ use: "toy", with: { m: 0.2 } }] }, train, 7, {
      engine: "0.1.0",
      techniques: [toy as unknown as Technique],
    });
    expect(parsePolicy(JSON.parse(JSON.stringify(written)))).toEqual(written);
  });

  it("tells a newer format from a broken one", () => {
    failing({ ...policy, format: 2 }, "REG_POLICY_FORMAT", "format 2", "npm i regimen@latest");
    failing({ ...policy, format: "1" }, "REG_POLICY_INVALID", 'format "1"');
    failing({ steps: [] }, "REG_POLICY_INVALID", "no format");
    for (const nothing of [null, 3, "policy", [policy]]) failing(nothing, "REG_POLICY_INVALID", "policy.json");
  });

  it("names an unknown key and the nearest known one", () => {
    failing({ ...policy, step: [] }, "REG_POLICY_INVALID", '"step"', '"steps"');
    failing({ ...policy, train: { ...train, epoch: 3 } }, "REG_POLICY_INVALID", '"train.epoch"', '"epochs"');
    failing({ ...policy, somethingElse: 1 }, "REG_POLICY_INVALID", '"somethingElse"');
    failing({ ...policy, toString: 1 }, "REG_POLICY_INVALID", '"toString"');
    failing({ ...policy, train: { ...train, constructor: 1 } }, "REG_POLICY_INVALID", '"train.constructor"');
  });

  it("wants every field, of its type", () => {
    for (const key of ["name", "engine", "seed", "train", "steps"])
      failing({ ...policy, [key]: undefined }, "REG_POLICY_INVALID", key);
    failing({ ...policy, seed: "7" }, "REG_POLICY_INVALID", "seed");
    failing({ ...policy, train: { ...train, epochs: "3" } }, "REG_POLICY_INVALID", "train.epochs", '"3"', "number");
    failing({ ...policy, train: { ...train, optimizer: 1 } }, "REG_POLICY_INVALID", "train.optimizer", "string");
    failing({ ...policy, steps: [policy.steps[0], { use: "toy" }] }, "REG_POLICY_INVALID", "step 2");
    failing({ ...policy, steps: { toy: {} } }, "REG_POLICY_INVALID", "steps");
  });

  it("refuses settings with which nothing can be trained", () => {
    for (const broken of [
      { epochs: 0 },
      { epochs: -1 },
      { batchSize: 0 },
      { batchSize: 2.5 },
      { learningRate: Number.NaN },
    ])
      failing({ ...policy, train: { ...train, ...broken } }, "REG_POLICY_INVALID", Object.keys(broken)[0]!);
  });
});

describe("policyOf and fragmentOf", () => {
  it("take what one writes by hand: hyperparameters that are not named have their defaults", () => {
    expect(fragmentOf({ steps: [{ use: "a" }, { use: "b", with: { m: 1 } }] })).toEqual({
      steps: [
        { use: "a", with: {} },
        { use: "b", with: { m: 1 } },
      ],
    });
  });

  it.each([
    [null, "is null"],
    ["mixup", 'is "mixup"'],
    [{}, "has no steps"],
    [{ steps: "mixup" }, 'has steps "mixup"'],
    [{ steps: [{ with: {} }] }, 'has a step 1 without "use"'],
    [{ steps: [{ use: "a" }, { use: "a", with: [1] }] }, "has a step 2 with a list for hyperparameters"],
    [{ steps: [], train: 3 }, "has train 3"],
  ])("refuse %j", (wrong, why) => {
    expect(() => fragmentOf(wrong as unknown as Policy)).toThrow(
      `REG_POLICY_INVALID: the policy ${why}; expected "none"`,
    );
  });

  it("write versions and defaults, leave out what is off, and note what was refused with it off", () => {
    const refused = [{ use: "toy", because: "it hurts", evidence: { images: 10 } }];
    const written = policyOf({ steps: [{ use: "toy", with: { m: 0 } }], refused }, train, 7, {
      engine: "e",
      techniques: [toy as unknown as Technique],
    });
    expect(written.steps).toEqual([
      {
        use: "toy",
        version: "2.1.0",
        with: { m: 0, k: 3 },
        refused: { because: "it hurts", evidence: { images: 10 } },
      },
    ]);
    expect(written).toMatchObject({ format: 1, engine: "e", seed: 7, train });
    expect(fragmentOf(written)).toEqual({ steps: [], train, refused });
    const on = policyOf({ steps: [{ use: "toy", with: {} }] }, train, 7, {
      engine: "e",
      techniques: [toy as unknown as Technique],
    });
    expect(fragmentOf(on)).toEqual({ steps: [{ use: "toy", with: { m: 0.5, k: 3 } }], train });
    expect(fragmentOf("none")).toEqual({ steps: [] });
    expect(fragmentOf({ steps: [{ use: "toy", with: {} }] })).toEqual({ steps: [{ use: "toy", with: {} }] });
  });

  it("keep a technique that is not installed, so that composing can name it", () => {
    const written = policyOf({ steps: [{ use: "gone", with: { a: 1 } }] }, train, 7, {
      engine: "e",
      techniques: [toy as unknown as Technique],
    });
    expect(written.steps).toEqual([{ use: "gone", version: "?", with: { a: 1 } }]);
  });
});

describe("hyperparameters that changed their meaning", () => {
  const next = { ...toy, paramsVersion: 3 } as unknown as Technique;
  const migrating: Technique = { ...next, migrate: ({ m }, from) => ({ m: Number(m) / 10 ** (3 - from), k: from }) };
  const of = (paramsVersion?: number): Policy => ({
    ...policy,
    steps: [{ ...policy.steps[0]!, ...(paramsVersion && { paramsVersion }) }],
  });

  it("are read as the installed technique means them, from the version that wrote them", () => {
    expect(fragmentOf(of(), [migrating]).steps).toEqual([{ use: "toy", with: { m: 0.005, k: 1 } }]);
    expect(fragmentOf(of(2), [migrating]).steps).toEqual([{ use: "toy", with: { m: 0.05, k: 2 } }]);
    expect(fragmentOf(of(3), [migrating]).steps).toEqual([{ use: "toy", with: { m: 0.5, k: 3 } }]);
    expect(fragmentOf({ steps: [{ use: "toy", with: { m: 0.5 } }] }, [migrating]).steps[0]!.with).toEqual({ m: 0.5 });
  });

  it("carry their version in a policy, where it is not 1", () => {
    const written = (technique: Technique) =>
      policyOf({ steps: [{ use: "toy", with: { m: 0.2 } }] }, train, 7, { engine: "0.1.0", techniques: [technique] });
    expect(written(next).steps[0]).toMatchObject({ version: "2.1.0", paramsVersion: 3 });
    expect(written(toy as unknown as Technique).steps[0]).not.toHaveProperty("paramsVersion");
    expect(parsePolicy(JSON.parse(JSON.stringify(written(next))))).toEqual(written(next));
  });

  it("of a version that cannot be read are an error that says what to do", () => {
    expect(() => fragmentOf(of(2), [next])).toThrow(/REG_POLICY_FORMAT.*version 2 for "toy".*write that step anew/);
    expect(() => fragmentOf(of(4), [migrating])).toThrow(/REG_POLICY_FORMAT.*update: npm i toy@latest/);
    failing(
      { ...of(), steps: [{ use: "toy", version: "1", with: {}, paramsVersion: 0 }] },
      "REG_POLICY_INVALID",
      "whole number",
    );
  });
});
