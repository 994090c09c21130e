// Two stages and extra data: teach, label the unlabelled, learn from both.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ORIGIN, type Samples, type Table, type Technique } from "@regimen/core";
import { PLAIN, epochs, fit, job, regimenWith, spy, technique, uses, type Seen } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

type Notes = { tables: Table[]; teachers: Float32Array[]; seen: Seen[] };
/** `stop`: called between teacher and student. */
function noisyStudent(notes: Notes, stop: () => void): Technique {
  return technique<{ ratio: number; iterations: number }>({
    name: "test-student",
    group: "ssl",
    order: { slot: "pseudo", needs: ["unlabeled"] },
    space: {
      ratio: { kind: "r", range: [0, 7], default: 1, off: 0 },
      iterations: { kind: "value", range: [0, 3], scale: "integer", default: 1, off: 0 },
    },
    create: ({ ratio, iterations }) => ({
      async train(run, next) {
        const images = run.plan.images / (iterations + 1);
        let best = await next({ name: "teacher", plan: { images } });
        for (let k = 0; k < iterations; k++) {
          const unlabeled = run.data.unlabeled!;
          const table = await run.table(`pseudo-${k}`, best.model, unlabeled, ({ outputs }) => ({
            p: tf.softmax(outputs as Tensor2D),
          }));
          notes.tables.push(table);
          notes.teachers.push(await answersOf(best.model.plain(), unlabeled.length));
          best.model.dispose();
          stop();
          const source = unlabeled.relabel(table.columns["p"]!.values);
          best = await next({ name: `student-${k}`, plan: { images }, extra: [{ source, ratio, of: "batch" }] });
        }
        return best;
      },
    }),
  });
}
async function answersOf(made: Promise<LayersModel>, rows: number): Promise<Float32Array> {
  const plain = await made;
  const { images } = await samples(rows, 9).read(Array.from({ length: rows }, (_, row) => row));
  const answers = tf.tidy(
    () =>
      (plain.predict(tf.tensor4d(Float32Array.from(images), [rows, 4, 4, 1])) as Tensor2D).dataSync() as Float32Array,
  );
  plain.dispose();
  return answers;
}

/** Says how large each batch's share of added examples was. */
const origins = technique({
  name: "test-origins",
  order: { slot: "label" },
  create: () => ({
    batch: (batch, step) => {
      step.log("added", tf.mean(tf.cast(tf.equal(batch.origin, ORIGIN.added), "float32")));
      return batch;
    },
  }),
});

const unlabeled = (): Samples => ({ ...samples(300, 9), labels: () => undefined });
const data = () => ({ ...job().data, unlabeled: unlabeled() });
const policy = uses("test-student", "test-origins", "test-spy");
const notes = (): Notes => ({ tables: [], teachers: [], seen: [] });
const world = (into: Notes, stop: () => void = () => undefined) =>
  regimenWith(noisyStudent(into, stop), origins, spy(into.seen));

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "regimen-student-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a Noisy Student", () => {
  it("shares one plan between teacher and student, and feeds the student what the teacher thinks", async () => {
    const into = notes();
    const before = tf.memory().numTensors;
    const result = await fit(await world(into), { data: data(), policy });
    expect(into.seen.map(({ images, steps }) => [images, steps])).toEqual([
      [PLAIN / 2, 10],
      [PLAIN / 2, 10],
    ]);
    // Half of each of the student's batches, none of the teacher's.
    expect(epochs(result.events).map(({ logs }) => logs["test-origins/added"])).toEqual([0, 0.5]);
    expect(into.tables[0]!.rows).toBe(300);
    expect(into.tables[0]!.columns["p"]!.width).toBe(2);
    into.tables[0]!.columns["p"]!.values.forEach((p, at) => expect(p).toBeCloseTo(into.teachers[0]![at]!, 5));
    expect(result.validation!.error).toBeLessThan(0.3);
    expect(result.cost.trained).toBe(PLAIN);
    // 300 pseudo-labels, and 60 validation images after each training's one epoch and at its end.
    expect(result.cost.inferred).toBe(300 + 4 * 60);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("never sees labels that come with what is called unlabelled", async () => {
    const seen: (Float32Array | undefined)[] = [];
    const peek = technique({
      name: "test-peek",
      order: { slot: "pseudo", needs: ["unlabeled"] },
      create: () => ({
        async train(run, next) {
          const { labels, origin } = await run.data.unlabeled!.read([0, 1, 2]);
          seen.push(run.data.unlabeled!.labels(), labels, origin);
          return next({ name: "all" });
        },
      }),
    });
    const labelled = samples(300, 9);
    expect(labelled.labels()!.length).toBe(600);
    await fit(await regimenWith(peek), { data: { ...job().data, unlabeled: labelled }, policy: uses("test-peek") });
    expect(seen[0]).toBeUndefined();
    expect(seen[1]!.every(Number.isNaN)).toBe(true);
    expect([...seen[2]!]).toEqual([ORIGIN.unlabelled, ORIGIN.unlabelled, ORIGIN.unlabelled]);
  });

  it("of three generations shares it between four, and each learns from the one before", async () => {
    const into = notes();
    const result = await fit(await world(into), {
      data: data(),
      policy: uses(["test-student", { iterations: 3, ratio: 3 }], "test-origins", "test-spy"),
    });
    expect(into.seen.map(({ images }) => images)).toEqual([100, 100, 100, 100]);
    expect(result.cost.trained).toBe(PLAIN);
    expect(epochs(result.events).map(({ logs }) => logs["test-origins/added"])).toEqual([0, 0.75, 0.75, 0.75]);
    expect(new Set(into.tables.map((table) => table.columns["p"]!.values.join())).size).toBe(3);
  });

  it("does not train the teacher again, nor label again, when it is resumed between the two", async () => {
    const whole = await fit(await world(notes()), { data: data(), policy });
    const stop = new AbortController();
    const [first, second] = [notes(), notes()];
    const out = join(folder, "run");
    const aborted = fit(await world(first, () => stop.abort()), { data: data(), policy, out, signal: stop.signal });
    await expect(aborted).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    const result = await fit(await world(second), { data: data(), policy, out, resume: true });
    expect(first.seen.map(({ steps }) => steps)).toEqual([10, 0]);
    expect(second.seen.map(({ steps }) => steps)).toEqual([10]);
    expect(second.tables[0]).toEqual(first.tables[0]);
    expect(result.weights).toEqual(whole.weights);
    expect({ ...result.cost, seconds: 0 }).toEqual({ ...whole.cost, seconds: 0 });
    expect(result.validation).toEqual(whole.validation);
  });

  it("is left out of the search, and refused by name, where nothing is unlabelled", async () => {
    const regimen = await world(notes());
    await expect(fit(regimen, { policy })).rejects.toThrow(
      /REG_POLICY_NEEDS.*"test-student" needs unlabeled, .*; give data\.unlabeled, or leave it out/,
    );
  });

  it("at its off value is the plain training to the bit", async () => {
    const regimen = await world(notes());
    const plain = await fit(regimen, { data: data() });
    for (const off of [{ ratio: 0 }, { iterations: 0 }]) {
      const result = await fit(regimen, { data: data(), policy: uses(["test-student", off]) });
      expect(result.weights).toEqual(plain.weights);
    }
  });
});
