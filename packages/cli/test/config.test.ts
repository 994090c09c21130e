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
      `--set data.train.a: in regimen.yaml, "data.train" has no keys below it`,
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
    expect(() => parseSet("training.epochs=[")).toThrow(/REG_USAGE: --set training.epochs got a value that is no YAML/);
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

  describe("with synthetic images", () => {
    const read = (synthetic: string, search = ""): ReturnType<typeof readSettings>["config"] => {
      const cwd = temp();
      write(cwd, { "regimen.yaml": `data:\n  train: ./x\n  synthetic: ${synthetic}\n${search}` });
      return readSettings(undefined, {}, cwd).config;
    };

    it.each([
      "[ ./drawn ]",
      "[ { path: ./drawn, ratio: auto } ]",
      "[ ./drawn, { format: csv, path: ./a.csv, size: 3 } ]",
    ])("leave the ratio of %s to the search", (synthetic) => expect(read(synthetic).search).toBeUndefined());

    it("fix a ratio that is a number, beside what else the search's space says", () => {
      const config = read("[ { path: ./drawn, ratio: 0.5 } ]", "search: { budget: 2, space: { other: false } }\n");
      expect(config.search).toEqual({
        budget: 2,
        space: { other: false, "@regimen/technique-synthetic": { r: 0.5 } },
      });
    });

    it("fix the sum of several", () =>
      expect(read("[ { path: ./a, ratio: 0.5 }, { path: ./b, ratio: 0.25 } ]").search?.space).toEqual({
        "@regimen/technique-synthetic": { r: 0.75 },
      }));

    it.each([
      [
        "[ ./a, { path: ./b, ratio: 0.5 } ]",
        "",
        /data.synthetic \(regimen.yaml:3\) has a ratio for 1 of 2 sources; give/,
      ],
      [
        "[ { path: ./b, ratio: 0.5 } ]",
        'search: { space: { "@regimen/technique-synthetic": { r: 1 } } }\n',
        /has a ratio, and search.space \(regimen.yaml:4\) speaks of @regimen\/technique-synthetic too; say it in one place/,
      ],
      ["[ { path: ./b, ratio: 0 } ]", "", /ratio is 0 .*expected "auto" or a number above 0/],
      ["[ { path: ./b, ratio: much } ]", "", /ratio is "much" .*expected "auto" or a number above 0/],
      ["[ { ratio: 1 } ]", "", /data.synthetic.0 .*lacks "path"/],
      ["[]", "", /data.synthetic is \[\]/],
      ["./drawn", "", /data.synthetic is ".\/drawn"/],
    ])("refuse %s %s", (synthetic, search, message) => {
      expect(() => read(synthetic, search)).toThrow(/REG_CONFIG_INVALID/);
      expect(() => read(synthetic, search)).toThrow(message);
    });
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
