// A training in parts that goes on as if it had never stopped; what is refused; images that the user made.
import { describe, expect, it } from "vitest";
import type { Change, Run, Technique, Train } from "@regimen/core";
import { PLAIN, fit, job, regimenWith, spy, technique, uses, type Seen } from "../support/jobs.ts";
import { samples } from "../support/world.ts";

type Part = readonly [number, number];
/** Trains in parts, each from the one before, with what `more` says. */
const inParts = (
  name: string,
  slot: "teach" | "ensemble",
  parts: readonly Part[],
  more: Partial<Change> = {},
): Technique =>
  technique({
    name,
    order: { slot },
    create: () => ({ train: (run, next) => chain(run, next, parts, more) }),
  });
async function chain(_run: Run, next: Train, parts: readonly Part[], more: Partial<Change>) {
  let last: Awaited<ReturnType<Train>> | undefined;
  for (const [at, span] of parts.entries()) {
    last?.model.dispose();
    last = await next({ ...more, name: `part-${at}`, span, ...(last && { from: last.snapshot! }) });
  }
  return last!;
}
const noisy = ["test-noise", { m: 0.1, rr: 0.5 }] as const;
const trained = (optimizer: string) => ({ ...job().training, optimizer, schedule: "cosine" });
const THIRDS: readonly Part[] = [
  [0, 0.3],
  [0.3, 0.7],
  [0.7, 1],
];

describe("a training in spans", () => {
  it.each(["sgd", "adam"])("is the uninterrupted training, to the bit, by %s", async (optimizer) => {
    const training = trained(optimizer);
    const regimen = await regimenWith(inParts("test-parts", "teach", THIRDS));
    const whole = await fit(regimen, { policy: uses(noisy), training });
    const parts = await fit(regimen, { policy: uses("test-parts", noisy), training });
    expect(parts.weights).toEqual(whole.weights);
    expect(parts.cost.trained).toBe(PLAIN);
  });

  it("may be split again by a technique inside", async () => {
    const halves: readonly Part[] = [
      [0, 0.5],
      [0.5, 1],
    ];
    const regimen = await regimenWith(
      inParts("test-inner", "teach", halves),
      inParts("test-outer", "ensemble", halves),
    );
    const training = trained("sgd");
    const whole = await fit(regimen, { policy: uses(noisy), training });
    const nested = await fit(regimen, { policy: uses("test-outer", "test-inner", noisy), training });
    expect(nested.cost.trained).toBe(PLAIN);
    expect(nested.weights).toEqual(whole.weights);
  });

  it("shares what a technique around it gave, and tells a technique inside its share", async () => {
    const plans: number[] = [];
    const asked = technique({
      name: "test-asked",
      order: { slot: "objective" },
      create: () => ({
        train(run, next) {
          plans.push(run.plan.images);
          return next({ name: "half", plan: { images: run.plan.images / 2 } });
        },
      }),
    });
    const regimen = await regimenWith(asked, inParts("test-parts", "teach", [[0, 0.5]], { plan: { images: 200 } }));
    const { cost } = await fit(regimen, { policy: uses("test-parts", "test-asked") });
    expect(plans).toEqual([100]);
    expect(cost.trained).toBe(60); // 50 images are two and a half batches of 20
  });

  it("leaves out techniques in one part and keeps the state of the others", async () => {
    const log: Seen[] = [];
    const tail = technique({
      name: "test-tail",
      order: { slot: "teach" },
      create: () => ({
        async train(run, next) {
          expect(run.techniques.map(({ name }) => name).sort()).toEqual(["test-noise", "test-spy", "test-tail"]);
          const first = await next({ name: "first", span: [0, 0.8] });
          first.model.dispose();
          return next({ name: "second", span: [0.8, 1], from: first.snapshot!, without: ["test-noise"] });
        },
      }),
    });
    const regimen = await regimenWith(tail, spy(log));
    await fit(regimen, { policy: uses("test-tail", "test-spy", noisy) });
    expect(log).toHaveLength(2);
    expect(log[1]!.first).toEqual(log[0]!.last);
  });
});

describe("what a technique is told", () => {
  it("names what the policy refuses", async () => {
    const told: (readonly string[])[] = [];
    const listening = technique({
      name: "test-listening",
      create: () => ({
        train(run, next) {
          told.push(run.refused);
          return next({ name: "on" });
        },
      }),
    });
    const regimen = await regimenWith(listening);
    const refused = [{ use: "test-noise", because: "it hurts", evidence: null }];
    const { policy } = await fit(regimen, { policy: { ...uses("test-listening"), refused } });
    await fit(regimen, { policy });
    expect(told).toEqual([["test-noise"], ["test-noise"]]);
    expect(policy.steps.at(-1)).toMatchObject({ use: "test-noise", refused: { because: "it hurts" } });
  });

  it("has the user's synthetic images, and needs can ask for them", async () => {
    const lengths: (number | undefined)[] = [];
    const adding = technique({
      name: "test-adding",
      order: { slot: "synthesize", needs: ["synthetic"] },
      create: () => ({
        train(run, next) {
          lengths.push(run.data.synthetic?.length);
          return next({ name: "more", extra: [{ source: run.data.synthetic!, ratio: 0.25, of: "set" }] });
        },
      }),
    });
    const regimen = await regimenWith(adding);
    const data = { ...job().data, synthetic: samples(30, 9) };
    await fit(regimen, { policy: uses("test-adding"), data });
    expect(lengths).toEqual([30]);
    await expect(fit(regimen, { policy: uses("test-adding") })).rejects.toThrow(/REG_POLICY_NEEDS.*synthetic/);
  });
});
