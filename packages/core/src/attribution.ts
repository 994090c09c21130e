import { unmeasured, worthOf } from "@regimen/stats";
import {
  addCost,
  mergeFragments,
  zeroCost,
  type Attribution,
  type Fragment,
  type Json,
  type Trial,
  type Worth,
} from "@regimen/contracts";
import { decode, type Journal } from "@regimen/run-folder";
import { LATE_NAME, answerTrial, checkpointKey } from "./search.ts";
import type { Session } from "./session.ts";
import { positionOf } from "./stage.ts";

/** Below this many batches a fork tells nothing, and the attribution says so instead. */
const LEAST_BATCHES = 20;

/**
 * What each technique of a policy is worth: short forks of the baseline as it stood late, with one technique more each, in the
 * policy's order; the same seed and batches, compared image by image with the fork before. So the worths add
 * up; a technique that does the same as an earlier one has little left to show (docs/decisions/0023).
 */
export async function attribute(
  session: Session,
  policy: Fragment,
  how: { readonly seed: number; /** What it may cost; 0 where there is no baseline. */ readonly images: number },
  journal: Journal,
): Promise<Attribution> {
  const batch = session.settings.batchSize;
  const validation = session.data.validation.length / 3;
  const each = Math.floor((how.images / (policy.steps.length + 1) - validation) / batch) * batch;
  if (!policy.steps.length || each < LEAST_BATCHES * batch)
    return { worth: policy.steps.map(({ use }) => unmeasured(use)), refused: [], cost: zeroCost, images: 0 };
  const { position } = positionOf(decode(session.store.get(checkpointKey(LATE_NAME))!));
  let cost = zeroCost;
  const fork = async (id: string, steps: Fragment["steps"]): Promise<Trial> => {
    const until = position + each;
    const request = {
      kind: "trial",
      id: `/attribution/${id}`,
      policy: { ...policy, steps },
      until,
      horizon: until,
      origin: position,
      seed: how.seed,
      from: LATE_NAME,
    } as const;
    const [answer, trial] = await answerTrial(session, request, Number.POSITIVE_INFINITY, journal);
    cost = addCost(cost, answer.cost);
    return trial;
  };
  let before = await fork("none", []);
  let steps: Fragment["steps"] = [];
  const measured: Worth[] = [];
  for (const step of policy.steps) {
    const { use } = step;
    const whole = await fork(use, [...steps, step]);
    const found = worthOf(use, before, whole);
    measured.push(found);
    // What hurts is not there when the next one comes.
    if (found.verdict !== "hurts") [steps, before] = [[...steps, step], whole.score ? whole : before];
  }
  const refused = measured
    .filter(({ verdict }) => verdict === "hurts")
    .map(({ use, loss, lossWithout, interval }) => ({
      use,
      because: `validation loss is higher with it than without it`,
      evidence: {
        test: "paired forks",
        images: session.data.validation.length,
        forkImages: each,
        lossWith: loss,
        lossWithout,
        interval: interval && [...interval],
      } as Json,
    }));
  return { worth: measured, refused, cost, images: each };
}

/** The policy without what was refused. */
export const prune = (policy: Fragment, { refused }: Attribution): Fragment =>
  mergeFragments(policy, { steps: [], refused });
