import { wasm } from "@regimen/backend-wasm";
import { createRegimen, createRng, type RegimenEvent, type Samples, type Train } from "@regimen/core";
import classifierPlugin from "@regimen/scaffold-classifier";
import { madeUpSamples } from "@regimen/testkit";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import plugin, { earlyStopping } from "../src/index.ts";

/** A training whose validation losses are given. */
async function stopped(losses: readonly number[], patience: number, { images = 4000, cooldown = 0 } = {}) {
  const asked: { span: readonly number[]; from: string | undefined }[] = [];
  const gone: number[] = [];
  const logs: Record<string, number>[] = [];
  const next: Train = async ({ span, from, name }) => {
    const at = asked.length;
    asked.push({ span: span!, from: from?.id });
    if (Number.isNaN(losses[at])) throw new Error("it diverged");
    return {
      model: { dispose: () => void gone.push(at) } as never,
      snapshot: { id: name },
      score: { loss: losses[at]!, error: 0, ece: null },
      cost: { trained: 10, inferred: 1, seconds: 0 },
    };
  };
  const run = { plan: { images, batch: 10 }, log: (values: Record<string, number>) => void logs.push(values) };
  const { train } = earlyStopping.create({ patience, parts: losses.length, cooldown });
  const result = await train!(run as never, next).catch((error: Error) => error.message);
  return { asked, gone, logs, result };
}

describe("the parts", () => {
  it("go on from each other until patience ends, and the best is kept", async () => {
    const { asked, gone, logs, result } = await stopped([5, 3, 4, 3, 1, 0], 2);
    expect(asked.map(({ from }) => from)).toEqual([undefined, "part-0", "part-1", "part-2"]);
    asked.forEach(({ span }, at) => expect(span).toEqual([at / 6, (at + 1) / 6]));
    // All but the second, in the order in which they were beaten, or did not win.
    expect(gone).toEqual([0, 2, 3]);
    expect(result).toMatchObject({
      score: { loss: 3 },
      snapshot: { id: "part-1" },
      cost: { trained: 40, inferred: 4 },
    });
    expect(logs).toEqual([{ "stopped at": 4 / 6, "best at": 2 / 6 }]);
  });

  it("are all there while validation improves now and then", async () => {
    const { asked, result } = await stopped([5, 6, 4, 6, 3, 6], 2);
    expect(asked).toHaveLength(6);
    expect(asked.at(-1)!.span[1]).toBe(1);
    expect(result).toMatchObject({ score: { loss: 3 } });
  });

  it("are fewer where there are few steps, and never none", async () => {
    expect((await stopped([5, 4, 3, 2], 3, { images: 90 })).asked.map(({ span }) => span)).toEqual([
      [0, 0.5],
      [0.5, 1],
    ]);
    expect((await stopped([5, 4, 3, 2], 3, { images: 20 })).asked).toHaveLength(1);
  });

  it("are followed by the end of the schedule, from the best of them on", async () => {
    const { asked, gone, result } = await stopped([5, 3, 4, 4, 2, 0, 0, 0, 0, 0], 2, { cooldown: 0.3 });
    expect(asked.map(({ from }) => from)).toEqual([undefined, "part-0", "part-1", "part-2", "part-1"]);
    expect(asked.at(-1)!.span).toEqual([0.7, 1]);
    expect(gone).toEqual([0, 2, 3, 1]);
    expect(result).toMatchObject({ score: { loss: 2 }, snapshot: { id: "cooldown" }, cost: { trained: 50 } });
  });

  it("keep the best of them where the end brings nothing, and have no end of their own where they stop late", async () => {
    const kept = await stopped([5, 3, 4, 4, 6, 0], 2, { cooldown: 0.2 });
    expect(kept.asked.at(-1)).toEqual({ span: [0.8, 1], from: "part-1" });
    expect(kept.result).toMatchObject({ score: { loss: 3 }, snapshot: { id: "part-1" } });
    const late = await stopped([5, 4, 3, 4, 4], 2, { cooldown: 0.5 });
    expect(late.asked).toHaveLength(5);
    const later = await stopped([5, 4, 3, 2, 4, 4, 1], 2, { cooldown: 0.5 });
    expect(later.asked.at(-1)).toEqual({ span: [6 / 7, 1], from: "part-3" });
  });

  it("leave no model behind where one fails", async () => {
    const { gone, result } = await stopped([5, 4, NaN, 1], 3);
    expect(result).toBe("it diverged");
    expect(gone).toEqual([0, 1]);
  });
});

const [ROWS, WIDTH] = [40, 36];
/** Labels by chance: whatever is learnt of them is learnt by heart. */
const chance = (seed: number): Samples => {
  const rng = createRng(seed);
  const images = Float32Array.from({ length: ROWS * WIDTH }, () => rng.normal());
  const truth = Array.from({ length: ROWS }, () => rng.int(2));
  const labels = Float32Array.from(truth.flatMap((k) => [1 - k, k]));
  const format = { h: 6, w: 6, c: 1, range: [0, 255] } as const;
  return madeUpSamples({ name: "chance", format, classes: ["a", "b"], images, labels });
};

describe("a training that overfits", () => {
  beforeAll(() => wasm.load());

  it("ends early, with the weights that validated best", async () => {
    const fit = async (patience: number) => {
      const regimen = await createRegimen({ plugins: [classifierPlugin, plugin], backend: "current" });
      const seeded = tfl.initializers.glorotUniform({ seed: 3 });
      const model = tfl.sequential({
        layers: [
          tfl.layers.flatten({ inputShape: [6, 6, 1], name: "flat" }),
          tfl.layers.dense({ units: 2, activation: "softmax", name: "head", kernelInitializer: seeded }),
        ],
      });
      const running = regimen.fit({
        model: { model, weights: "fresh" },
        data: { train: chance(1), validation: chance(2) },
        training: { epochs: 40, batchSize: 8, learningRate: 0.1, optimizer: "sgd", schedule: "constant" },
        policy: { steps: [{ use: "@regimen/technique-early-stopping", with: { patience, parts: 20, cooldown: 0 } }] },
        seed: 1,
      });
      const losses: number[] = [];
      for await (const event of running) if (isEpoch(event)) losses.push(event.logs["val_loss"]!);
      const result = await running;
      for (const one of [result.model, model]) one.dispose();
      await regimen.dispose();
      return { losses, validation: result.validation, cost: result.cost };
    };
    const before = tf.memory().numTensors;
    const [whole, early] = [await fit(0), await fit(2)];
    expect(tf.memory().numTensors).toBe(before);
    expect(early.cost.trained).toBeLessThan(whole.cost.trained);
    expect(early.validation!.loss).toBeLessThan(whole.validation!.loss);
    // The same losses, epoch by epoch, as far as it went; the best of those at the ends of its parts.
    expect(early.losses).toEqual(whole.losses.slice(0, early.losses.length));
    expect(early.validation!.loss).toBe(Math.min(...early.losses.filter((_, at) => at % 2 === 1)));
  });
});
const isEpoch = (event: RegimenEvent): event is RegimenEvent & { kind: "epoch" } =>
  event.kind === "epoch" && "val_loss" in event.logs;

describe("the technique", () => {
  it("is registered", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-early-stopping"]);
  });
});
