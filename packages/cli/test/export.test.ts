import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import cpu from "@regimen/backend-cpu";
import { createRegimen, createRng, saveModel } from "@regimen/core";
import data, { fitImage } from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, temp, write } from "./fake.ts";

const browserPath = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
  .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find((file) => existsSync(file));

const CLASSES = ["ant", 'bee & "wasp"', "<b>cow</b>"];
const metadata = {
  format: 1,
  classes: CLASSES,
  input: { shape: [16, 20, 3], range: [0, 255], fit: "cover", interpolation: "bilinear-antialias" },
  output: "probabilities",
  test: { images: 10, error: 0.1 },
};
const cwd = temp();
const world = {
  cwd,
  createRegimen: () => createRegimen({ plugins: [cpu, data], backend: "cpu" }),
};
type Answer = { readonly file: string; readonly probabilities: Readonly<Record<string, number>> };
let expected: Answer[];

/** Smooth colours with noise, as photographs have. */
async function photo(file: string, w: number, h: number, seed: number): Promise<void> {
  const rng = createRng(seed);
  const hues = Array.from({ length: 6 }, () => 255 * rng.uniform());
  const pixels = Uint8Array.from({ length: w * h * 3 }, (_, i) => {
    const [x, y, c] = [(Math.floor(i / 3) % w) / w, Math.floor(i / 3 / w) / h, i % 3];
    return (hues[c]! * (1 - x) + hues[c + 3]! * y) / 2 + 40 * rng.uniform() + 30 * Math.sin(9 * (x + y + c));
  });
  const image = sharp(pixels, { raw: { width: w, height: h, channels: 3 } });
  await (file.endsWith(".jpg") ? image.withMetadata({ orientation: 1 + (seed % 8) }) : image).toFile(join(cwd, file));
}

beforeAll(async () => {
  const regimen = await world.createRegimen();
  const seeds = createRng(1);
  const glorot = () => tfl.initializers.glorotUniform({ seed: seeds.int(1e9) });
  const model = tfl.sequential({
    layers: [
      tfl.layers.rescaling({ inputShape: [16, 20, 3], scale: 1 / 64, offset: -2 }),
      tfl.layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", kernelInitializer: glorot() }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 3, activation: "softmax", kernelInitializer: glorot() }),
    ],
  });
  await saveModel(model, join(cwd, "run", "model"), metadata);
  model.dispose();
  await regimen.dispose();
  mkdirSync(join(cwd, "new"));
  const sizes = [
    [64, 48],
    [48, 64],
    [20, 16],
    [9, 7],
    [100, 90],
    [150, 40],
    [400, 300],
  ] as const;
  for (const [i, [w, h]] of sizes.entries())
    for (const kind of ["jpg", "png", "webp"]) await photo(`new/${w}x${h}.${kind}`, w, h, i);
  const { out } = await cli(["predict", "--model", "run", "new", "--json"], world);
  expected = JSON.parse(out) as Answer[];
});
afterAll(() => tf.disposeVariables());

const probabilitiesOf = (classes: readonly { readonly class: string; readonly probability: number }[]) =>
  CLASSES.map((name) => classes.find((one) => one.class === name)!.probability);
/**
 * Pictures eight times the model's size and more are first reduced by training's decoder, which a browser has not: pixels
 * differ by a level of 255 at most.
 */
const bound = (file: string): number => (file.includes("400x300") ? 5e-3 : 1e-3);
const apart = (got: readonly number[], want: Answer): number =>
  Math.max(...CLASSES.map((name, i) => Math.abs(got[i]! - want.probabilities[name]!)));

describe("regimen export --to web", () => {
  it("writes a page that needs nothing else, and says what to do with it", async () => {
    const { code, out } = await cli(["export", "run", "--to", "web"], world);
    expect(code).toBe(0);
    expect(out).toContain("open run-web/index.html in a browser");
    expect(readdirSync(join(cwd, "run-web")).sort()).toEqual([
      "classifier.js",
      "index.html",
      "model.js",
      "page.js",
      "tf.min.js",
    ]);
  });

  it("resizes as training does, to the bit", async () => {
    // The server has the same file, and a package.json that calls it CommonJS.
    await cli(["export", "run", "--to", "node", "--out", "same"], world);
    const { toInput } = createRequire(import.meta.url)(join(cwd, "same", "classifier.js")) as {
      toInput: typeof fitImage;
    };
    const rng = createRng(3);
    for (let i = 0; i < 200; i++) {
      const c = rng.int(2) ? 3 : 1;
      const [h, w] = [1 + rng.int(60), 1 + rng.int(60)];
      const to = { h: 8 + rng.int(30), w: 8 + rng.int(30), c: rng.int(2) ? (3 as const) : (1 as const) };
      const picture = { data: Uint8Array.from({ length: h * w * c }, () => rng.int(256)), h, w, c };
      const fit = (["cover", "contain", "stretch"] as const)[rng.int(3)]!;
      expect(toInput(picture, to, fit), `${h}×${w}×${c} → ${to.h}×${to.w}×${to.c}, ${fit}`).toEqual(
        fitImage(picture, to, fit),
      );
    }
  });

  it.skipIf(!browserPath)(
    `answers in Chromium from the disk as regimen predict does, within 1e-3${browserPath ? "" : " (skipped: there is no Chromium)"}`,
    async () => {
      const browser = await chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox"] });
      try {
        const page = await browser.newPage();
        const [asked, failed]: [string[], string[]] = [[], []];
        page.on("request", (request) => asked.push(new URL(request.url()).protocol));
        page.on("pageerror", (error) => failed.push(error.message));
        await page.goto(pathToFileURL(join(cwd, "run-web", "index.html")).href);
        expect(await page.textContent("p")).toContain(`3 classes: ${CLASSES.join(", ")}. On its test pictures it was`);
        await page.setInputFiles(
          "#files",
          expected.map(({ file }) => join(cwd, file)),
        );
        await page.waitForFunction((n) => document.querySelectorAll(".answer").length === n, expected.length);
        const told = await page.$$eval(".answer", (all) => all.map((one) => (one as HTMLElement).dataset["answer"]!));
        for (const text of told) {
          const { file, classes } = JSON.parse(text);
          const want = expected.find((one) => one.file.endsWith(`/${file}`))!;
          expect(apart(probabilitiesOf(classes), want), file).toBeLessThan(bound(file));
        }
        await page.setInputFiles("#files", join(cwd, "run", "model", "model.json"));
        await page.waitForFunction(() => document.querySelector("#status")!.textContent!.includes("cannot read"));
        expect(failed).toEqual([]);
        expect(new Set(asked)).toEqual(new Set(["file:", "blob:"]));
      } finally {
        await browser.close();
      }
    },
  );
});

describe("regimen export --to node", () => {
  it("writes a server that takes pixels and files, answers alike, and refuses what it cannot read", async () => {
    const { code } = await cli(["export", "run", "--to", "node", "--out", "server"], world);
    expect(code).toBe(0);
    const modules = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules");
    const env = { ...process.env, PORT: "0", NODE_PATH: modules };
    const server = spawn(process.execPath, ["server.js"], { cwd: join(cwd, "server"), env });
    try {
      let url = "";
      for await (const line of createInterface(server.stdout)) {
        url = /http:\S+/.exec(line)?.[0] ?? "";
        if (url.endsWith("/classify")) break;
      }
      const post = async (body: Buffer, query = ""): Promise<[number, never]> => {
        const response = await fetch(url + query, { method: "POST", body: new Uint8Array(body) });
        return [response.status, (await response.json()) as never];
      };
      for (const want of expected) {
        const file = sharp(join(cwd, want.file)).autoOrient();
        const { data: pixels, info } = await file.raw().toBuffer({ resolveWithObject: true });
        const query = `?width=${info.width}&height=${info.height}&channels=${info.channels}`;
        const [status, { classes }] = await post(pixels, query);
        expect(status).toBe(200);
        expect(apart(probabilitiesOf(classes), want), want.file).toBeLessThan(bound(want.file));
      }
      const file = await sharp(join(cwd, expected[0]!.file)).keepMetadata().jpeg().toBuffer();
      expect((await post(file))[0]).toBe(200);
      expect(await post(Buffer.from("no picture"))).toEqual([415, { error: expect.stringContaining("not a picture") }]);
      expect(await post(Buffer.alloc(10), "?width=3&height=3&channels=3")).toEqual([
        400,
        { error: expect.stringContaining("got 10 bytes") },
      ]);
      expect((await fetch(new URL("/", url))).status).toBe(200);

      // A thousand more, ten at a time: each gets its own answer, and nothing piles up.
      const { data, info } = await sharp(join(cwd, expected[0]!.file))
        .autoOrient()
        .raw()
        .toBuffer({ resolveWithObject: true });
      const query = `?width=${info.width}&height=${info.height}&channels=${info.channels}`;
      const resident = (): number =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]);
      const hundred = async (): Promise<void> => {
        for (let at = 0; at < 10; at++) {
          const answers = await Promise.all(Array.from({ length: 10 }, () => post(data, query)));
          for (const [status, { classes }] of answers)
            expect([status, apart(probabilitiesOf(classes), expected[0]!) < 1e-3]).toEqual([200, true]);
        }
      };
      await hundred();
      const before = existsSync("/proc/self/status") ? resident() : 0;
      for (let at = 1; at < 10; at++) await hundred();
      if (before) expect(resident()).toBeLessThan(before + 40_000);
    } finally {
      server.kill();
      await once(server, "exit");
    }
  });
});

describe("regimen export", () => {
  it("refuses what it cannot export, and overwrites nothing", async () => {
    const ask = (...argv: string[]) => cli(["export", ...argv], world);
    write(cwd, { "old/note.txt": "mine", "bare/model.json": {}, "backbone/model.json": {} });
    write(cwd, { "backbone/metadata.json": { ...metadata, classes: [], output: "features" } });
    write(cwd, { "finder/model.json": {}, "finder/metadata.json": { ...metadata, task: "detection" } });
    expect(await ask("run", "--to", "paper")).toMatchObject({ code: 2, err: expect.stringContaining("REG_USAGE") });
    expect((await ask("run", "--to", "web", "--out", "old")).err).toContain("REG_RUN_EXISTS: old exists already");
    expect((await ask("nowhere", "--to", "web")).err).toContain("REG_MODEL_UNREADABLE");
    expect((await ask("bare", "--to", "web")).err).toContain("no metadata.json");
    expect((await ask("backbone", "--to", "node")).err).toContain("REG_MODEL_OUTPUT");
    expect((await ask("finder", "--to", "node")).err).toContain("REG_TASK: finder is a model for detection");
    expect(existsSync(join(cwd, "finder-node"))).toBe(false);
  });
});
