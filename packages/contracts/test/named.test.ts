import { describe, expect, it } from "vitest";
import { namedParams, parseNamed, settingsOf } from "@regimen/contracts";

describe("a name with parameters", () => {
  it("is read as what it names", () => {
    expect(parseNamed("sgd")).toEqual({ use: "sgd", with: {} });
    expect(parseNamed("sgd:momentum=0.95,nesterov=false")).toEqual({
      use: "sgd",
      with: { momentum: 0.95, nesterov: false },
    });
    expect(parseNamed("adam: epsilon = 1e-8")).toEqual({ use: "adam", with: { epsilon: 1e-8 } });
    expect(parseNamed("step:at=0.5/0.75,factor=0.2").with).toEqual({ at: "0.5/0.75", factor: 0.2 });
    expect(parseNamed("constant:coolDownBy=sqrt").with).toEqual({ coolDownBy: "sqrt" });
  });

  it.each(["sgd:", "sgd:momentum", "sgd:momentum=", "sgd:=1", "sgd:momentum=0.9,", "sgd:momentum=0.9;nesterov=true x"])(
    "%s is refused",
    (text) => expect(() => parseNamed(text)).toThrow(/REG_PARAM.*key=value/),
  );

  it("has parameters of the kinds that its space has", () => {
    const space = {
      at: { kind: "text", default: "0.5/0.75" },
      factor: { kind: "value", range: [0, 1], default: 0.1 },
    } as const;
    const read = (text: string) => namedParams({ name: "step", space }, parseNamed(text).with);
    expect(read("step:at=0.5")).toEqual({ at: "0.5", factor: 0.1 });
    expect(() => read("step:factor=half")).toThrow(/REG_PARAM: step: factor is "half"/);
    expect(() => read("step:facto=0.5")).toThrow(/REG_PARAM_UNKNOWN: step .*"factor"/);
  });

  it("never makes a batch larger than the training set on its own", () => {
    const batch = (images: number): number => settingsOf({}, [], images).batchSize;
    expect([9, 500, 5000].map(batch)).toEqual([9, 32, 64]);
    expect(() => settingsOf({ batchSize: 32 }, [], 9)).toThrow(/REG_CONFIG_INVALID.*9 training images/);
  });

  it("has the learning rate of the optimizer that it names", () => {
    const rate = (optimizer: string): number => settingsOf({ optimizer }, ["batch-norm"], 5000).learningRate;
    expect(rate("adam:beta2=0.99")).toBe(rate("adam"));
    expect(rate("sgd:momentum=0")).toBe(rate("sgd"));
    expect(rate("adam")).not.toBe(rate("sgd"));
  });
});
