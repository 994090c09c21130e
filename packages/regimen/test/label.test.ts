// `regimen label`: a saved model's soft labels as a CSV that anybody reads, Regimen's own reader too.
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { runCli } from "@regimen/cli";
import { csvFile, fromArrays } from "@regimen/data";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { host } from "../src/host.ts";
import * as regimen from "../src/index.ts";

const SIDE = 4;
/** Grey values of three images; the model is the surer of "light, bright" the lighter an image is. */
const GREYS = [20, 250, 140];
const CLASSES = ["dark", "light, bright"];
/** What the model says, by hand: sigmoid of (grey − 128) / 32. */
const light = GREYS.map((grey) => 1 / (1 + Math.exp(-(grey - 128) / 32)));

let cwd: string;
beforeAll(async () => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), "regimen-label-")));
  mkdirSync(join(cwd, "more", "deep"), { recursive: true });
  const pixels = Uint8Array.from(
    { length: 3 * SIDE * SIDE * 3 },
    (_, at) => GREYS[Math.floor(at / (SIDE * SIDE * 3))]!,
  );
  const pictures = await fromArrays(pixels, [0, 1, 1], { h: SIDE, w: SIDE, c: 3, classes: CLASSES });
  for (const [row, name] of ["0.png", "1, odd.png", "deep/2.png"].entries()) {
    const address = await pictures.picture!(row);
    writeFileSync(join(cwd, "more", name), Buffer.from(address.slice(address.indexOf(",") + 1), "base64"));
  }
  writeFileSync(join(cwd, "more", "broken.png"), "no picture");
  pictures.dispose();
  const made = await regimen.createRegimen({ backend: "wasm" });
  const model = tfl.sequential({
    layers: [
      tfl.layers.globalAveragePooling2d({ inputShape: [SIDE, SIDE, 3], dataFormat: "channelsLast" }),
      tfl.layers.dense({ units: 2, activation: "softmax", name: "head" }),
    ],
  });
  const part = 1 / 32 / 3;
  model.getLayer("head").setWeights([tf.tensor2d([0, part, 0, part, 0, part], [3, 2]), tf.tensor1d([0, -128 / 32])]);
  const metadata = {
    classes: CLASSES,
    input: { shape: [SIDE, SIDE, 3], range: [0, 255], fit: "cover" },
    output: "probabilities",
    test: { images: 100, error: 0.1, ece: 0.25 },
  };
  await regimen.saveModel(model, join(cwd, "run", "model"), metadata);
  model.dispose();
  await made.dispose();
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

class Text extends Writable {
  text = "";
  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
async function label(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [stdout, stderr] = [new Text(), new Text()];
  const code = await runCli(["label", "--model", "run", "--unlabeled", "more", "--backend", "wasm", ...argv], {
    cwd,
    env: {},
    host,
    onInterrupt: () => () => undefined,
    createRegimen: regimen.createRegimen,
    stdout,
    stderr,
  });
  return { code, out: stdout.text, err: stderr.text };
}
const six = (value: number): number => Number(value.toPrecision(6));

describe("regimen label", () => {
  it("writes soft labels that Regimen's csv reader takes, and says what is known of how far they are off", async () => {
    const { code, out, err } = await label("--out", "labels/soft.csv");
    expect([code, err]).toEqual([0, expect.stringMatching(/REG_MODEL_OUTPUT.*off by 25.0 %/s)]);
    expect(err).toMatch(/REG_DATA_UNREADABLE: .*broken\.png/);
    expect(out).toMatch(/labelled +3 images/);
    const [head, ...lines] = readFileSync(join(cwd, "labels", "soft.csv"), "utf8")
      .trim()
      .split("\n");
    expect(head).toBe('path,label,confidence,p_dark,"p_light, bright"');
    expect(lines.map((line) => line.replace(/(,[\d.e-]+){3}$/, ""))).toEqual([
      "../more/0.png,dark",
      '"../more/1, odd.png","light, bright"',
      '../more/deep/2.png,"light, bright"',
    ]);
    const read = await csvFile("labels/soft.csv", { base: cwd });
    expect(read.classes).toEqual(CLASSES);
    read
      .labels()!
      .forEach((share, at) => expect(share).toBeCloseTo(at % 2 ? light[(at - 1) / 2]! : 1 - light[at / 2]!, 5));
    expect(read.id(2)).toBe("more/deep/2.png");
    read.dispose();
  });

  it("leaves the unsure out, and gives labels alone where they are to be hard", async () => {
    // sigmoid of 12 / 32 is 0.59.
    const { out } = await label("--threshold", "0.9", "--hard");
    expect(out).toBe('path,label\nmore/0.png,dark\n"more/1, odd.png","light, bright"\n');
  });

  it("answers with one JSON document", async () => {
    const { out } = await label("--json");
    const answer = JSON.parse(out) as { labels: { confidence: number; probabilities: number[] }[] };
    expect(answer).toMatchObject({
      images: 3,
      labelled: 3,
      threshold: null,
      ece: 0.25,
      file: null,
      classes: [
        { name: "dark", images: 1 },
        { name: "light, bright", images: 2 },
      ],
    });
    expect(answer.labels.map(({ confidence }) => six(confidence))).toEqual(
      answer.labels.map(({ probabilities }) => six(Math.max(...probabilities))),
    );
    expect((await label("--threshold", "2")).err).toMatch(/expected a number from 0 to 1/);
  });
});
