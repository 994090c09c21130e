import assert from "node:assert/strict";
import type { Backend, Loaded } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
// tfjs-core alone has no gradients: tfjs-layers registers them.
import "@tensorflow/tfjs-layers";
import { bits } from "./backend/bits.ts";
import type { Case } from "./backend/case.ts";
import { cases } from "./backend/cases/index.ts";
import { GAPS, type Gaps } from "./backend/gaps.ts";
import { judge, trusted, type Reference } from "./backend/judge.ts";
import { declare, type Law, type Runner } from "./runner.ts";

export type BackendLawOptions = {
  /** Ops that are known to fall short; of Regimen's own backends the kit knows them. */ readonly gaps?: Gaps;
  /** A backend of other origin (TensorFlow) to be compared with, beside tfjs' plain JavaScript. */
  readonly reference?: Backend;
  /** Which cases to run; all unless told. */ readonly only?: (name: string) => boolean;
  /** By how much a case's numbers may differ, relative to the largest or 1; 2e-5 unless told. */
  readonly tolerance?: (name: string) => number;
};

const TOLERANCE = 2e-5;

/**
 * The laws of a backend: each op that Regimen uses or a user's model may use, its value and its gradient, against plain
 * JavaScript where that is right, against central differences, and against `reference`; what must hold to the bit; and that
 * what is known to fall short still does, so that no list outlives its reasons. It takes a few seconds.
 */
export function backendLaws(backend: Backend, runner: Runner, options: BackendLawOptions = {}): void {
  const { gaps = GAPS[backend.name] ?? {}, only = () => true, tolerance = () => TOLERANCE } = options;
  let world: ReturnType<typeof open> | undefined;
  const ready = () => (world ??= open(backend, options.reference));
  const law = (one: Case): Law => {
    const gap = gaps[one.name];
    return {
      name: gap ? `${one.name} (${gap.is})` : one.name,
      async check() {
        const { loaded, references } = await ready();
        // Without anybody to compare with, a wrong value does not show.
        if (gap?.is === "wrong" && trusted(one, references).length === 0) return;
        const verdict = await judge(one, loaded.tfjs, references, tolerance(one.name));
        const expected = gap ? `it is listed as ${gap.is} (${gap.why}), and is ${verdict.is}` : "";
        assert.equal(verdict.is, gap?.is ?? "right", ["says" in verdict ? verdict.says : "", expected].join(" "));
      },
    };
  };
  const exact = bits.map(({ name, check }): Law => ({
    name,
    async check() {
      const { loaded } = await ready();
      await tf.setBackend(loaded.tfjs);
      await check();
    },
  }));
  const again: Law = {
    name: "loads again, and is the same",
    async check() {
      const { loaded } = await ready();
      assert.deepEqual({ ...(await backend.load()), record: undefined }, { ...loaded, record: undefined });
      assert.equal(tf.getBackend(), loaded.tfjs);
    },
  };
  declare(backend.name, [again, ...exact, ...cases.filter(({ name }) => only(name)).map(law)], runner);
}

async function open(
  backend: Backend,
  other: Backend | undefined,
): Promise<{ readonly loaded: Loaded; readonly references: readonly Reference[] }> {
  await import("@tensorflow/tfjs-backend-cpu");
  const references: Reference[] = [{ tfjs: "cpu", gaps: GAPS["cpu"]! }];
  if (other) references.push({ tfjs: (await other.load()).tfjs, gaps: GAPS[other.name] ?? {} });
  const loaded = await backend.load();
  return { loaded, references: references.filter(({ tfjs }) => tfjs !== loaded.tfjs) };
}
