import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { wasm } from "@regimen/backend-wasm";
import scaffold from "@regimen/scaffold-classifier";
import { createRegimen, createRng, source, type FitResult, type Rng, type Source, type Technique } from "@regimen/core";
import { madeUpSamples } from "@regimen/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chosenClasses, compare, ganSynthesis, helps, recognised, tryOut, type Findings } from "../src/index.ts";

const SIDE = 8;
const CLASSES = ["left", "right", "none"];
const [RARE, NONE] = [1, 2];

/** Noise, brighter on one side or on none; of the classes in `counts`. */
function images(counts: readonly number[], seed: string, paint = bright): Source {
  const rng = createRng(seed);
  const classes = counts.flatMap((count, label) => new Array<number>(count).fill(label));
  const pixels = new Uint8ClampedArray(classes.flatMap((label) => paint(label, rng)));
  const labels = new Float32Array(classes.flatMap((label) => CLASSES.map((_, at) => Number(at === label))));
  const format = { h: SIDE, w: SIDE, c: 1, range: [0, 255] } as const;
  return source(madeUpSamples({ name: seed, format, classes: CLASSES, images: new Uint8Array(pixels), labels }));
}
const bright = (label: number, rng: Rng): number[] =>
  Array.from({ length: SIDE * SIDE }, (_, at) => {
    const lit = label !== NONE && at % SIDE >= SIDE / 2 === (label === 1);
    return (lit ? 145 : 110) + 50 * rng.normal();
  });

const model = () =>
  tfl.sequential({
    layers: [
      tfl.layers.rescaling({ scale: 1 / 64, offset: -2, inputShape: [SIDE, SIDE, 1], name: "scale" }),
      tfl.layers.flatten({ name: "flat" }),
      tfl.layers.dense({
        units: CLASSES.length,
        activation: "softmax",
        name: "head",
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }),
      }),
    ],
  });

type Job = { result: FitResult; findings: Findings; sheet: Buffer };
/** One training with a technique, in a folder; what it showed. */
async function job(technique: Technique, epochs: number, params = {}): Promise<Job> {
  const folder = mkdtempSync(join(tmpdir(), "regimen-gan-"));
  const out = join(folder, "run");
  const own = model();
  const regimen = await createRegimen({
    plugins: [scaffold, { name: "test", version: "1.0.0", register: (into) => into.technique(technique) }],
    backend: "current",
  });
  try {
    const result = await regimen.fit({
      model: { model: own, weights: "keep" },
      data: { train: images([40, 2, 40], "train"), validation: images([20, 20, 20], "validation") },
      training: { epochs, batchSize: 8, learningRate: 0.05, optimizer: "sgd", schedule: "constant" },
      policy: { steps: [{ use: technique.name, with: params }] },
      seed: 2,
      out,
    });
    result.model.dispose();
    const shown = readdirSync(join(out, "shown"));
    const read = (end: string): Buffer =>
      readFileSync(
        join(
          out,
          "shown",
          shown.find((name) => name.endsWith(end))!,
        ),
      );
    return { result, findings: JSON.parse(read(".json").toString()) as Findings, sheet: read(".png") };
  } finally {
    own.dispose();
    await regimen.dispose();
    rmSync(folder, { recursive: true });
  }
}

/** The trial alone, with images that the test makes. */
const trying = (made: Source, chosen = [RARE]): Technique =>
  ({
    name: "test-try",
    version: "1.0.0",
    group: "ssl",
    paper: "none",
    space: {},
    order: { slot: "synthesize" },
    create: () => ({
      train: (run, next) => tryOut(run, next, { made, chosen, images: 0.8 * run.plan.images }),
    }),
  }) as Technique;

beforeAll(() => wasm.load());
afterAll(() => tf.disposeVariables());

describe("the trial of generated images", () => {
  it("keeps further images of a rare class that are as good as real ones, and the class is found more often", async () => {
    const { findings } = await job(trying(images([0, 40, 0], "further")), 6);
    const { kept, trial, recognised: share } = findings;
    expect({ kept, images: findings.images, classes: findings.classes }).toEqual({
      kept: true,
      images: 40,
      classes: ["right"],
    });
    expect(trial!.gain).toBeGreaterThan(1.645 * trial!.error);
    expect(trial!.right[1]).toBeGreaterThan(trial!.right[0]);
    expect(Math.abs(share.generated - share.validation!)).toBeLessThan(0.3);
  });

  it("turns away images of another class without a trial, and finishes the training all the same", async () => {
    const made = images([0, 40, 0], "wrong", (_, rng) => bright(NONE, rng));
    const { findings, result } = await job(trying(made), 6);
    expect(findings).toMatchObject({ kept: false, trial: null });
    expect(result.validation!.error).toBeLessThan(0.5);
  });

  it("turns away images of a class that nobody needs more of, after a trial", async () => {
    const { findings } = await job(trying(images([30, 0, 0], "further"), [0]), 6);
    expect(findings.kept).toBe(false);
    expect(findings.trial!.gain).toBeLessThan(1.645 * findings.trial!.error);
  });

  it("draws a sheet of four real and eight generated images a class", async () => {
    const { sheet } = await job(trying(images([0, 40, 0], "further")), 2);
    expect(sheet.subarray(1, 4).toString()).toBe("PNG");
    expect([sheet.readUInt32BE(16), sheet.readUInt32BE(20)]).toEqual([12 * SIDE, SIDE]);
  });

  it("trains no generator where it would have no time to learn, and leaves the classifier the whole plan", async () => {
    const gan = ganSynthesis as unknown as Technique;
    const short = await job(gan, 4, { r: 0.25, share: 0.1 });
    // A tenth of 4 × 82 images pays for one step of 8 × 3⅓.
    expect(short.findings).toEqual({ images: 0, classes: ["right"], steps: 1, fewest: 200, kept: false });
    expect(short.result.cost.trained).toBe(4 * 82);
    // Real images alone: no places for what was not made.
    expect([short.sheet.readUInt32BE(16), short.sheet.readUInt32BE(20)]).toEqual([4 * SIDE, SIDE]);
  });

  it("turns away a generator that had no time to learn, within the plan", async () => {
    const { findings, result } = await job(ganSynthesis as unknown as Technique, 4, { r: 0.25, share: 0.1, fewest: 1 });
    expect(findings).toMatchObject({ kept: false, classes: ["right"], images: 21 });
    expect(findings.featureDistance.generated).not.toBeNull();
    expect(result.cost.trained).toBeLessThanOrEqual(4 * 82 + 8);
  });
});

describe("compare", () => {
  const logits = (rows: readonly (readonly number[])[]) => ({ width: 2, values: Float32Array.from(rows.flat()) });
  /** Two logits that give the first class the probability p. */
  const sure = (p: number) => [Math.log(p), Math.log(1 - p)];

  it("averages the gain over classes, and pools their variances", () => {
    const before = logits([sure(0.5), sure(0.5), sure(0.5), sure(0.5)]);
    const after = logits([sure(0.6), sure(0.8), sure(0.9), sure(0.25)]);
    const { gain, error, right } = compare(before, after, [0, 0, 0, 1], [1]);
    const gains = [0.6, 0.8, 0.9].map((p) => Math.log(p / 0.5));
    const [first, second] = [gains.reduce((a, b) => a + b) / 3, Math.log(0.75 / 0.5)];
    expect(gain).toBeCloseTo((first + second) / 2, 5);
    const variance = gains.reduce((sum, x) => sum + (x - first) ** 2, 0) / 2;
    expect(error).toBeCloseTo(Math.sqrt(variance * (1 / 3 + 1)) / 2, 5);
    expect(right).toEqual([0, 1]);
  });
  it("leaves images without a label out", () => {
    const [before, after] = [logits([sure(0.5), sure(0.1)]), logits([sure(0.6), sure(0.9)])];
    expect(compare(before, after, [0, -1], []).gain).toBeCloseTo(Math.log(1.2), 5);
  });
  it("is sure of nothing where each class has one image", () =>
    expect(helps(compare(logits([sure(0.5)]), logits([sure(0.9)]), [0], [0]))).toBe(false));

  it("decides by chance and by the classes in question", () => {
    expect(helps({ gain: 0.2, error: 0.1, right: [5, 5] })).toBe(true);
    expect(helps({ gain: 0.2, error: 0.13, right: [5, 5] })).toBe(false);
    expect(helps({ gain: 0.2, error: 0.1, right: [5, 4] })).toBe(false);
    expect(helps({ gain: 3, error: 0.1, right: [0, 0] })).toBe(false);
    expect(helps({ gain: 0, error: 0, right: [5, 5] })).toBe(false);
  });
  it("counts who is recognised", () =>
    expect(recognised(logits([sure(0.6), sure(0.2), sure(0.9)]), [0, 0, 1])).toBeCloseTo(1 / 3, 6));
});

describe("chosenClasses", () => {
  const data = images([40, 2, 40], "train");
  it("are all, the rare ones, or those named", () => {
    expect(chosenClasses("all", data)).toEqual([0, 1, 2]);
    expect(chosenClasses("rare", data)).toEqual([1]);
    expect(chosenClasses("right, none", data)).toEqual([1, 2]);
  });
  it("are all where none is rare, and never one without an image", () => {
    expect(chosenClasses("rare", images([9, 10, 9], "even"))).toEqual([0, 1, 2]);
    expect(chosenClasses("all", images([9, 9, 0], "gap"))).toEqual([0, 1]);
  });
  it("must be there", () => {
    expect(() => chosenClasses("rihgt", data)).toThrow(/REG_PARAM.*"rihgt", which is no class; the nearest is "right"/);
    expect(() => chosenClasses("none", images([9, 9, 0], "gap"))).toThrow(/REG_PARAM.*"none", which has no image/);
  });
});
