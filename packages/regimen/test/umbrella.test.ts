import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { loadHost, runCli, type Io } from "@regimen/cli";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { host } from "../src/host.ts";
import * as regimen from "../src/index.ts";

const fashion = fileURLToPath(new URL("../../../examples/fashion-mnist", import.meta.url));

const presets = fileURLToPath(new URL("../../cli/assets/presets", import.meta.url));

describe("presets", () => {
  it.each(readdirSync(presets))("%s is a policy of techniques that the umbrella brings", async (file) => {
    const { registered, dispose } = await regimen.createRegimen({ backend: "cpu" });
    const policy = regimen.parsePolicy(JSON.parse(readFileSync(join(presets, file), "utf8")));
    const known = registered.techniques.map(({ name }) => name);
    for (const { use } of policy.steps) expect(known).toContain(use);
    expect(regimen.fragmentOf(policy, registered.techniques).steps.length).toBeGreaterThan(0);
    await dispose();
  });
});

/** The first images and labels of the real files, in files of their own. */
function few(folder: string): void {
  for (const [split, images] of [
    ["train", 160],
    ["t10k", 60],
  ] as const) {
    for (const [kind, header, size] of [
      ["images-idx3", 16, 28 * 28],
      ["labels-idx1", 8, 1],
    ] as const) {
      const all = gunzipSync(readFileSync(join(fashion, `${split}-${kind}-ubyte.gz`)));
      const head = Buffer.from(all.subarray(0, header));
      head.writeUInt32BE(images, 4);
      writeFileSync(
        join(folder, `${split}-${kind}-ubyte`),
        Buffer.concat([head, all.subarray(header, header + images * size)]),
      );
    }
  }
}

/** Calls `on` with each text that is written. */
class Text extends Writable {
  text = "";
  readonly #on: (text: string) => void;
  constructor(on: (text: string) => void = () => undefined) {
    super();
    this.#on = on;
  }
  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    this.#on(String(chunk));
    done();
  }
}

/** One call of the command line; `stopAt`: interrupted as soon as that is written to stderr. */
async function cli(
  cwd: string,
  argv: readonly string[],
  stopAt?: string,
): Promise<{ code: number; out: string; err: string }> {
  let stop: () => void = () => undefined;
  const stdout = new Text();
  const stderr = new Text((text) => stopAt !== undefined && text.includes(stopAt) && stop());
  const io: Io = {
    cwd,
    env: {},
    stdout,
    stderr,
    host,
    onInterrupt: (callback) => {
      stop = callback;
      return () => undefined;
    },
    createRegimen: (options) => regimen.createRegimen(options),
  };
  return { code: await runCli(argv, io), out: stdout.text, err: stderr.text };
}

describe("the umbrella", () => {
  it("brings every plug-in among its dependencies", async () => {
    const loaded = (await loadHost(host)).map(({ plugin }) => plugin.name);
    const plain = ["@regimen/cli", "@regimen/core", "@regimen/export", "@regimen/report", "@regimen/studio"];
    const expected = Object.keys(manifest.dependencies).filter(
      (name) => name.startsWith("@regimen/") && !plain.includes(name),
    );
    expect(loaded.sort()).toEqual(expected.sort());
  });

  it("has them registered, and takes more, or others of the same name", async () => {
    const mine = { name: "@regimen/technique-mixup", version: "9.0.0", register: () => undefined };
    const { registered, dispose } = await regimen.createRegimen({ plugins: [mine], backend: "wasm" });
    expect(registered.plugins).toContain(mine);
    const names = registered.techniques.map(({ name }) => name);
    expect(names).toContain("@regimen/technique-cutmix");
    expect(names).not.toContain("@regimen/technique-mixup");
    expect(registered.readers.map(({ name }) => name)).toContain("image-folder");
    await dispose();
  });

  it("exports what its README uses", () => {
    expect(regimen).toMatchObject({
      createRegimen: expect.any(Function),
      imageFolder: expect.any(Function),
      fromTensors: expect.any(Function),
      sequence: expect.any(Function),
    });
  });
});

describe("a run from the command line, end to end", () => {
  const cwd = mkdtempSync(join(tmpdir(), "regimen-e2e-"));
  mkdirSync(join(cwd, "clothes"));
  few(join(cwd, "clothes"));
  const quick = [
    "clothes",
    "--set",
    "training={ epochs: 2, batchSize: 20 }",
    "--set",
    "search.metalearner=random",
    "--backend",
    "wasm",
  ];

  it("trains, is interrupted, goes on, reports, and its model is of use", async () => {
    const stopped = await cli(cwd, ["train", ...quick, "--out", "a"], "searching");
    expect(stopped).toMatchObject({ code: 130, out: "", err: expect.stringContaining("To go on: regimen resume a") });
    expect(existsSync(join(cwd, "a", "report.json"))).toBe(false);

    const resumed = await cli(cwd, ["resume", "a", "--json"]);
    expect(resumed.code).toBe(0);
    const report = JSON.parse(resumed.out) as regimen.Report;
    expect(report.error).toMatchObject({ split: "test", images: 60 });
    expect(report.search.trials.length).toBeGreaterThan(0);
    expect(report.run.command).toMatch(/^regimen train clothes --set /);
    expect(readdirSync(join(cwd, "a")).sort()).toEqual(
      expect.arrayContaining([
        "journal.jsonl",
        "model",
        "policy.json",
        "predictions.csv",
        "report.html",
        "report.json",
        "run.json",
        "splits.csv",
      ]),
    );

    const evaluated = await cli(cwd, ["evaluate", "--model", "a", "--data", "clothes", "--backend", "wasm", "--json"]);
    expect(JSON.parse(evaluated.out)).toMatchObject({
      images: 60,
      classes: expect.arrayContaining([expect.objectContaining({ name: "6" })]),
    });

    const again = await cli(cwd, ["fit", ...quick, "--policy", "a", "--out", "b", "--json"]);
    expect(JSON.parse(again.out)).toMatchObject({
      backend: "wasm",
      policy: JSON.parse(readFileSync(join(cwd, "a", "policy.json"), "utf8")) as object,
    });
  });

  it("gives the same without the interruption", async () => {
    const { out } = await cli(cwd, ["train", ...quick, "--out", "c", "--json"]);
    const [one, other] = [JSON.parse(out), JSON.parse(readFileSync(join(cwd, "a", "report.json"), "utf8"))] as [
      regimen.Report,
      regimen.Report,
    ];
    expect(one.error).toEqual(other.error);
    expect(one.policy).toEqual(other.policy);
    expect(one.search.trials.map(({ name, score }) => [name, score])).toEqual(
      other.search.trials.map(({ name, score }) => [name, score]),
    );
  });
});
