import { describe, expect, it } from "vitest";
import { expectOptions, expectPlugins } from "@regimen/contracts";

const train = { read: () => undefined };
const job = { model: { architecture: "resnet20" }, data: { train }, policy: "none" };

describe("what a job is asked for", () => {
  it("may be a promise, a fraction, or left out", () => {
    expectOptions("fit", job);
    expectOptions("fit", { ...job, seed: undefined, training: { epochs: "auto", learningRate: 0.1 } });
    expectOptions("train", {
      model: { predict: () => undefined },
      data: { train: Promise.resolve(train), validation: { fraction: 0.1 }, test: train, name: "photos" },
      metalearner: "halving",
      search: { budget: 1, space: { mixup: false }, warm: [] },
      baseline: false,
      task: "detection",
      signal: new AbortController().signal,
    });
  });

  it.each([
    [undefined, "fit got undefined; expected an object with model, data"],
    [{ ...job, model: undefined }, 'fit lacks "model"; expected a tf.LayersModel, { architecture'],
    [{ ...job, model: "resnet20" }, 'fit: model is "resnet20"; expected a tf.LayersModel'],
    [{ ...job, data: undefined }, 'fit lacks "data"'],
    [{ ...job, data: {} }, 'data lacks "train"; expected images that a reader opened'],
    [{ ...job, data: { train: "./photos" } }, 'data: train is "./photos"; expected images that a reader opened'],
    [{ ...job, data: { train, validation: { fraction: "a" } } }, "data: validation is an object; expected a fraction"],
    [{ ...job, data: { train, tset: train } }, 'data got "tset"; the nearest that it knows is "test"'],
    [{ ...job, traning: {} }, 'fit got "traning"; the nearest that it knows is "training"'],
    [{ ...job, training: { epoch: 1 } }, 'training got "epoch"; the nearest that it knows is "epochs"'],
    [{ ...job, training: { epochs: [3] } }, 'training: epochs is a list; expected a number, or "auto"'],
    [{ ...job, seed: "x" }, 'fit: seed is "x"; expected a whole number'],
    [{ ...job, out: 5 }, "fit: out is 5; expected a folder's path"],
    [{ ...job, task: "clasification" }, 'fit: task is "clasification"; expected one of classification,'],
    [{ ...job, budget: 1 }, 'fit got "budget"; it knows model, data,'],
  ])("gets a coded error: %#", (options, message) => {
    expect(() => expectOptions("fit", options)).toThrow(`REG_CONFIG_INVALID: ${message}`);
  });

  it("is looked at in its search too", () => {
    const search = { model: job.model, data: job.data };
    expect(() => expectOptions("search", { ...search, search: { warm: "defects" } })).toThrow(
      /search: warm is "defects"/,
    );
    expect(() => expectOptions("search", { ...search, search: { bugdet: 1 } })).toThrow(
      /nearest that it knows is "budget"/,
    );
    expect(() => expectOptions("search", { ...search, baseline: false })).toThrow(/search got "baseline"/);
    expect(() => expectOptions("train", { ...search, metalearner: {} })).toThrow(
      /metalearner is an object; expected a/,
    );
  });

  it("has a list of plug-ins", () => {
    expect(expectPlugins({ plugins: [] })).toEqual([]);
    for (const none of [undefined, {}, { plugins: {} }])
      expect(() => expectPlugins(none as never)).toThrow(/REG_PLUGIN_INVALID: createRegimen got no list of plug-ins/);
  });
});
