import { meanInterval } from "@regimen/stats";
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

/** Standard deviation of a short training's validation loss between seeds, as a share of the loss (0.018 of 1 measured). */
const NOISE = 0.02;
/**
 * By so much of their loss short forks underrate what makes a training harder: beside mirror and translation RandAugment cost 9 %
 * and mixup 16 % of it, and both help in a whole training; a vertical flip cost 27 %. Only what is worse than that is said to hurt.
 */
const UNDERRATED = 0.15;
/** Below this many batches a fork tells nothing, and the attribution says so instead. */
const LEAST_BATCHES = 20;

/**
 * What each technique of a policy is worth: short forks of the baseline as it stood late, with one technique more each, in the
 * policy's order; the same seed and batches, compared image by image with the fork before. So the worths add
 * up; a technique that does the same as an earlier one has little left to show. By the loss itself, not at the best temperature:
 * in so short a training what a technique does against overconfidence is all that shows yet.
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
  const worth = (use: string): Worth => ({
    use,
    loss: null,
    lossWithout: null,
    interval: null,
    verdict: "not-measured",
  });
  if (!policy.steps.length || each < LEAST_BATCHES * batch)
    return { worth: policy.steps.map(({ use }) => worth(use)), refused: [], cost: zeroCost, images: 0 };
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
    if (!whole.score || !before.score) {
      measured.push(worth(use));
      [steps, before] = [[...steps, step], whole.score ? whole : before];
      continue;
    }
    const { mean, hi: highest } = meanInterval(whole.losses.map((loss, image) => loss - before.losses[image]!));
    // Two trainings differ by more than their images tell: each has its own chance.
    const half = Math.hypot(highest - mean, 1.96 * Math.SQRT2 * NOISE * before.score.loss);
    const [lo, hi] = [mean - half, mean + half];
    const doubt = UNDERRATED * before.score.loss;
    const verdict = hi < 0 ? "helps" : lo > doubt ? "hurts" : "no-effect";
    measured.push({ use, loss: whole.score.loss, lossWithout: before.score.loss, interval: [lo, hi], verdict });
    // What hurts is not there when the next one comes.
    if (verdict !== "hurts") [steps, before] = [[...steps, step], whole];
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
