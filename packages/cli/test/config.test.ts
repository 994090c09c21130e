import { describe, expect, it } from "vitest";
import { parseSet, readConfig, type Override } from "../src/config/read.ts";
import { readSettings } from "../src/config/settings.ts";
import { duration } from "../src/flags.ts";
import { temp, write } from "./fake.ts";

function read(text: string, overrides: readonly Override[] = [], name = "regimen.yaml") {
  const cwd = temp();
  write(cwd, { [name]: text });
  return readConfig(name, overrides, cwd).config;
}
const complaint = (text: string, overrides: readonly Override[] = [], name?: string): string => {
  try {
    read(text, overrides, name);
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
};

describe("a configuration", () => {
  it("is read with every documented key", () => {
    const config = read(`
task: classification
data:
  train: { format: image-folder, path: ./train, limit: 5000 }
  test:  { format: image-folder, path: [ ./test, ./more ] }
  validation: { fraction: 0.1 }
  unlabeled: ./more
  image: { size: auto, fit: cover }
model: { architecture: resnet20v2 }
plugins: [ "@regimen/technique-mixup" ]
search:
  metalearner: { sequence: [ random, ./mine.mjs ] }
  budget: 1.0
  space: { "@regimen/technique-augment/mirror": false, "@regimen/technique-mixup": { alpha: 0.2 } }
training: { epochs: auto, batchSize: 64, learningRate: auto, optimizer: auto, schedule: auto }
seed: 7
`);
    expect(config.search?.space).toEqual({
      "@regimen/technique-augment/mirror": false,
      "@regimen/technique-mixup": { alpha: 0.2 },
    });
    expect(config.training?.batchSize).toBe(64);
  });

  it("may be JSON", () => {
    expect(read('{ "data": "./x", "seed": 3 }', [], "a.json")).toEqual({ data: "./x", seed: 3 });
  });

  it.each([
    [
      "data: ./x\ntraining:\n  epoch: 3\n",
      'unknown key "epoch" in training (regimen.yaml:3); the nearest known key is "epochs"',
    ],
    [
      "data: ./x\n\n\nsead: 3\n",
      'unknown key "sead" in the configuration (regimen.yaml:4); the nearest known key is "seed"',
    ],
    [
      "data:\n  train: { pth: ./x }\n",
      'unknown key "pth" in data.train (regimen.yaml:2); the nearest known key is "path"',
    ],
    [
      "data:\n  train: ./x\n  test: { fractoin: 0.2 }\n",
      'unknown key "fractoin" in data.test (regimen.yaml:3); the nearest known key is "fraction"',
    ],
    [
      "data: ./x\nmodel:\n  architecure: a\n",
      'unknown key "architecure" in model (regimen.yaml:3); the nearest known key is "architecture"',
    ],
    [
      "data: ./x\nmodel: resnet20\n",
      'model is "resnet20" (regimen.yaml:2); expected { architecture: … } or { path: … }',
    ],
    [
      "data: ./x\nsearch:\n  budget: lots\n",
      'search.budget is "lots" (regimen.yaml:3); expected a number of at least 0',
    ],
    [
      "data: ./x\nsearch:\n  space:\n    a: true\n",
      "search.space.a is true (regimen.yaml:4); expected false or keys and values",
    ],
    [
      "data: ./x\ntraining: { epochs: 0 }\n",
      'training.epochs is 0 (regimen.yaml:2); expected "auto" or a whole number of at least 1',
    ],
    ["data: ./x\nplugins:\n  - a\n  - 1\n", "plugins.1 is 1 (regimen.yaml:4); expected a text"],
    [
      "data:\n  train: ./x\n  test: { fraction: 2 }\n",
      "data.test.fraction is 2 (regimen.yaml:3); expected a number above 0 and below 1",
    ],
    ["seed: 1\n", 'the configuration (regimen.yaml:1) lacks "data"; add it'],
    ["data: ./x\ndata: ./y\n", "regimen.yaml:2:1 is not valid YAML or JSON: Map keys must be unique"],
    ["- a\n", 'the configuration is ["a"] (regimen.yaml:1); expected { data: … }'],
  ])("that is wrong is told by file, line and what was expected: %j", (text, message) => {
    expect(complaint(text)).toContain(message);
  });

  it("names the option where a key came from the command line", () => {
    expect(complaint("data: ./x\n", [parseSet("training.epoch=5")])).toContain(
      'unknown key "epoch" in training (--set training.epoch)',
    );
    expect(complaint("data: ./x\n", [parseSet("data.train.a=5")])).toContain(
      "--set data.train.a: regimen.yaml has no keys below",
    );
  });

  it("takes --set over the file, typed as YAML", () => {
    const sets = [
      "training.epochs=5",
      "search.space.@regimen/technique-mixup.alpha=0.3",
      "model={ architecture: small-cnn }",
    ];
    expect(read("data: ./x\ntraining: { epochs: 9, batchSize: 8 }\n", sets.map(parseSet))).toEqual({
      data: "./x",
      training: { epochs: 5, batchSize: 8 },
      search: { space: { "@regimen/technique-mixup": { alpha: 0.3 } } },
      model: { architecture: "small-cnn" },
    });
    expect(() => parseSet("epochs")).toThrow(/REG_USAGE.*key=value/);
  });
});

describe("settings", () => {
  it("have paths that start at the configuration, but those of the command line at the folder it was called in", () => {
    const cwd = temp();
    write(cwd, {
      "there/regimen.yaml":
        "data: ./x\nplugins: [ ./a.mjs, pkg ]\nmodel: { path: ./m }\nsearch: { metalearner: ./l.mjs }\n",
    });
    const { config, base, plugins } = readSettings("there/regimen.yaml", { plugin: ["./b.mjs"] }, cwd);
    expect(base).toBe(`${cwd}/there`);
    expect(plugins).toEqual([`${cwd}/there/a.mjs`, "pkg", `${cwd}/b.mjs`]);
    expect(config.model).toEqual({ path: `${cwd}/there/m` });
    expect(config.search?.metalearner).toBe(`${cwd}/there/l.mjs`);
    expect(config.seed).toBe(7);
  });

  it("need no file where a folder, or FORMAT:PATH, is named", () => {
    const cwd = temp();
    write(cwd, { "photos/a.txt": "", "b.bin": "" });
    expect(readSettings("photos", {}, cwd).config.data).toBe("photos");
    expect(readSettings("cifar10-binary:b.bin", { seed: 3 }, cwd).config).toMatchObject({
      data: "cifar10-binary:b.bin",
      seed: 3,
    });
    expect(() => readSettings("phtos", {}, cwd)).toThrow(/REG_DATA_PATH: there is no phtos/);
    expect(() => readSettings(undefined, {}, cwd)).toThrow(/REG_USAGE: nothing to work on/);
  });

  it("say that synthetic data has to wait", () => {
    const cwd = temp();
    write(cwd, { "regimen.yaml": "data:\n  train: ./x\n  synthetic: []\n" });
    expect(() => readSettings(undefined, {}, cwd)).toThrow(
      /REG_CONFIG_INVALID: data.synthetic \(regimen.yaml:3\) is not supported/,
    );
  });
});

describe("a duration", () => {
  it.each([
    ["90s", 90],
    ["30m", 1800],
    ["1h30m", 5400],
    ["2h", 7200],
    ["1.5h", 5400],
    ["5min", 300],
  ])("%s", (text, seconds) => {
    expect(duration(text)).toBe(seconds);
  });
  it.each(["", "30", "m", "0s", "1d", "-5m"])("is not %j", (text) => {
    expect(() => duration(text)).toThrow(/REG_USAGE/);
  });
});
