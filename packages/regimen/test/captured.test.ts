// Training by recorded steps against the same training op by op, through `regimen.fit`: every technique alone, and all together.
import node from "@regimen/backend-node";
import wasm from "@regimen/backend-wasm";
import {
  completeParams,
  createRng,
  isOff,
  type Backend,
  type Fragment,
  type Plugin,
  type Technique,
} from "@regimen/core";
import { fromArrays } from "@regimen/data";
import * as tfl from "@tensorflow/tfjs-layers";
import { createRegimen } from "../src/index.ts";
import { beforeAll, describe, expect, it } from "vitest";

const folder = process.env["REGIMEN_TFJS_NODE"];
/** Each backend that records, whether it is here, and how far recorded losses may be from plain ones. */
const BACKENDS = [
  { of: wasm, from: "wasm", there: true, allowed: 0 },
  { of: node, from: "node", there: Boolean(folder), allowed: 1e-5 },
];

const STEPS = 20;
const SIDE = 16;
const BATCH = 32;

/** A backend of `of`, under a name of its own; `record` or not. */
const backend = (of: Plugin, from: string, name: string, recording: boolean): Plugin => ({
  name,
  version: "0.0.0",
  register(registry) {
    let found: Backend | undefined;
    of.register({ ...registry, backend: (one) => void (one.name === from && (found = one)) });
    registry.backend({
      ...found!,
      name,
      async load() {
        const { record, ...rest } = await found!.load();
        return recording && record ? { ...rest, record } : rest;
      },
    });
  },
});

/** Without kinks, since a unit of relu's that changes sides turns a difference in the last digit into a visible one. */
function smooth(): tfl.LayersModel {
  const conv = (filters: number, name: string) => [
    tfl.layers.conv2d({ name, filters, kernelSize: 3, padding: "same", useBias: false }),
    tfl.layers.batchNormalization({ name: `${name}_bn` }),
    tfl.layers.activation({ name: `${name}_tanh`, activation: "tanh" }),
  ];
  const through = (x: tfl.SymbolicTensor, layers: readonly tfl.layers.Layer[]) =>
    layers.reduce((y, layer) => layer.apply(y) as tfl.SymbolicTensor, x);
  const image = tfl.input({ shape: [SIDE, SIDE, 3], name: "image" });
  const skip = through(image, [
    ...conv(8, "a"),
    tfl.layers.averagePooling2d({ poolSize: 2, name: "pool" }),
    ...conv(16, "b"),
  ]);
  const sum = tfl.layers.add({ name: "sum" }).apply([skip, through(skip, conv(16, "c"))]) as tfl.SymbolicTensor;
  const outputs = through(sum, [
    tfl.layers.globalAveragePooling2d({ name: "features" }),
    tfl.layers.dense({ units: 4, activation: "softmax", name: "predictions" }),
  ]);
  return tfl.model({ name: "smooth", inputs: image, outputs });
}

/** Losses of `STEPS` steps: an epoch is one batch, unless there are more `images`. */
async function losses(
  { of, from }: (typeof BACKENDS)[number],
  name: "recorded" | "eager",
  policy: Fragment,
  optimizer: string,
  images = BATCH,
): Promise<{ losses: number[]; validation: number; captured: boolean }> {
  const plugins = [backend(of, from, "recorded", true), backend(of, from, "eager", false)];
  const regimen = await createRegimen({ plugins, backend: name });
  const rng = createRng(1);
  const pixels = Uint8Array.from({ length: images * SIDE * SIDE * 3 }, () => rng.int(256));
  const labels = Array.from({ length: images }, (_, at) => at % 4);
  const data = await fromArrays(pixels, labels, { h: SIDE, w: SIDE, c: 3, classes: ["a", "b", "c", "d"] });
  const running = regimen.fit({
    model: { model: smooth(), weights: "fresh" },
    data: { train: data, validation: data, synthetic: data },
    training: {
      epochs: images > BATCH ? 1 : STEPS,
      batchSize: BATCH,
      learningRate: 0.01,
      optimizer,
      schedule: "constant",
    },
    policy,
    seed: 3,
  });
  const seen: number[] = [];
  for await (const event of running)
    if (event.kind === "epoch" && event.logs["loss"] !== undefined) seen.push(event.logs["loss"]);
  const { captured, model, validation } = await running;
  model.dispose();
  await regimen.dispose();
  return { losses: seen, captured, validation: validation!.loss };
}

const usable = ({ tasks, order, space }: Technique): boolean =>
  (!tasks || tasks.includes("classification")) && !order.needs?.includes("unlabeled") && Object.keys(space).length > 0;

let techniques: readonly Technique[] = [];
let optimizers: readonly string[] = [];
beforeAll(async () => {
  const regimen = await createRegimen({ backend: "cpu" });
  techniques = regimen.registered.techniques.filter(usable);
  optimizers = regimen.registered.optimizers.map(({ name }) => name);
  await regimen.dispose();
});
const step = (technique: Technique) => ({ use: technique.name, with: completeParams(technique, {}) });

for (const on of BACKENDS) {
  const title = `recorded steps on ${on.from}`;
  const skipped = " (skipped: no native TensorFlow; run: npx regimen native)";
  describe.skipIf(!on.there)(on.there ? title : title + skipped, () => {
    async function same(policy: Fragment, optimizer = "sgd"): Promise<void> {
      const run = (name: "recorded" | "eager") => losses(on, name, policy, optimizer);
      const [recorded, eager] = [await run("recorded"), await run("eager")];
      expect([recorded.captured, eager.captured]).toEqual([true, false]);
      // What costs more an image sees fewer of them.
      expect(recorded.losses.length).toBe(eager.losses.length);
      expect(recorded.losses.length).toBeGreaterThanOrEqual(STEPS / 4);
      recorded.losses.forEach((loss, at) =>
        expect(Math.abs(loss / eager.losses[at]! - 1), `step ${at}`).toBeLessThanOrEqual(on.allowed),
      );
      const again = await run("recorded");
      expect(again.losses, "the same seed, to the bit").toEqual(recorded.losses);
    }

    it("give the losses of plain steps, without a technique", () => same({ steps: [] }), 60_000);
    it("give them with each optimizer", async () => {
      for (const optimizer of optimizers) await same({ steps: [] }, optimizer);
    }, 120_000);
    it("give them with each technique alone", async () => {
      expect(techniques.length).toBeGreaterThan(5);
      for (const technique of techniques) {
        expect(isOff(technique.space, step(technique).with), `${technique.name} is off by default`).toBe(false);
        await same({ steps: [step(technique)] });
      }
    }, 600_000);
    it("give the statistics of plain ones, over images that are no multiple of a batch", async () => {
      const policy = { steps: [{ use: "@regimen/technique-ema", with: {} }] };
      const run = (name: "recorded" | "eager") => losses(on, name, policy, "sgd", 1100);
      const [recorded, eager] = [await run("recorded"), await run("eager")];
      expect(Math.abs(recorded.validation / eager.validation - 1)).toBeLessThanOrEqual(10 * on.allowed);
    }, 60_000);
    it("give them with all techniques of one training together", () => {
      const free = techniques.filter(
        (one) =>
          !one.create(step(one).with).train &&
          !one.order.conflicts?.some((name) => techniques.some((t) => t.name === name)),
      );
      return same({ steps: free.map(step) });
    }, 120_000);
  });
}
