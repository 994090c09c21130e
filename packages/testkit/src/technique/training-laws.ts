import assert from "node:assert/strict";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Scaffold, Technique } from "@regimen/core";
import type { Law } from "../runner.ts";
import { activeParams } from "./params.ts";
import { ALLOWANCE, actsOnTrainings, fit, sameTraining, type FitHow, type Trained } from "./training.ts";
import { ready } from "./world.ts";

/** Laws 13 to 15, of techniques that act on whole trainings. */
export function trainingLawsOf(technique: Technique, scaffold: Scaffold): readonly Law[] {
  const active = activeParams(technique);
  if (!actsOnTrainings(technique, active)) return [];
  const train = async (how: Partial<FitHow> = {}): Promise<Trained> => {
    await ready();
    return fit(technique, scaffold, { steps: [{ use: technique.name, with: active }], seed: 1, ...how });
  };
  return [
    {
      name: "13. its trainings are the same where steps are recorded",
      check: async () => {
        const [plain, recorded] = [await train(), await train({ recorded: true })];
        assert.deepEqual(recorded.unrecorded, [], "its steps cannot be recorded");
        assert.ok(
          sameTraining(plain, recorded),
          "recorded, the trained model is another; what changes from step to step must be fed",
        );
      },
    },
    {
      name: "14. a training that is killed goes on to the same end, and leaves no tensor behind",
      check: () => assertResumes(train),
    },
    {
      name: "15. what its trainings cost together is within the plan",
      check: async () => {
        const { spent } = await train();
        assert.ok(
          spent <= ALLOWANCE,
          `its trainings and inferences saw ${spent.toFixed(1)} images, and the plan and a batch are ${ALLOWANCE}`,
        );
      },
    },
  ];
}

/**
 * By signals: before the first step, within a stage, and between two where there are two. And as by a power cut: from a copy
 * that was made of the folder in the middle.
 */
async function assertResumes(train: (how?: Partial<FitHow>) => Promise<Trained>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "regimen-testkit-"));
  const at = (name: string): string => join(folder, name);
  try {
    /** At each look at the signal, which is at each step: how many stages were done. */ const done: number[] = [];
    const whole = await train({
      out: at("whole"),
      signal: signalThat((look) => {
        done.push(finishedStages(at("whole")));
        cpSync(at("whole"), at(`cut-${look}`), { recursive: true });
        return false;
      }),
    });
    const between = done.findIndex((count, look) => look > 0 && count > done[look - 1]!);
    const steps = done.length;
    const middle = Math.floor((2 * steps) / 3);
    const tensors = tf.memory().numTensors;
    const stops = new Set([0, ...(between > 0 ? [Math.floor(between / 2), between] : []), middle]);
    let before = 0;
    for (const stop of [...stops].sort((a, b) => a - b)) {
      const how = { out: at("stopped"), resume: existsSync(at("stopped")) };
      const left = stop - before;
      before = stop;
      await assert.rejects(
        train({ ...how, signal: signalThat((look) => look === left) }),
        { name: "AbortError" },
        `the signal at step ${stop} of ${steps} is not heeded, or the training does not go on as it was`,
      );
      assert.equal(tf.memory().numTensors, tensors, `stopped at step ${stop} of ${steps}, it leaves tensors behind`);
    }
    const stopped = await train({ out: at("stopped"), resume: true });
    assert.ok(sameTraining(whole, stopped), "stopped and resumed, the trained model is another");
    const cut = await train({ out: at(`cut-${middle}`), resume: true });
    assert.ok(sameTraining(whole, cut), "cut off and resumed, the trained model is another");
    for (const { seen } of [stopped, cut])
      assert.ok(Math.abs(seen - whole.seen) < 1e-6, `resumed, it has seen ${seen} images in place of ${whole.seen}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Fires at the look for which `fires` says so. */
function signalThat(fires: (look: number) => boolean): AbortSignal {
  const controller = new AbortController();
  const { signal } = controller;
  let looks = 0;
  let fired = false;
  Object.defineProperty(signal, "aborted", {
    get: () => {
      if (!fired && fires(looks++)) {
        fired = true;
        controller.abort();
      }
      return fired;
    },
  });
  return signal;
}

const finishedStages = (run: string): number => {
  const checkpoints = join(run, "checkpoints");
  return existsSync(checkpoints) ? readdirSync(checkpoints).filter((name) => name.startsWith("done")).length : 0;
};
