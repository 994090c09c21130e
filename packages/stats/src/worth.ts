import { comparable, type Trial, type Worth } from "@regimen/contracts";
import { meanInterval } from "./intervals.ts";

/** 95 % of what two short trainings' losses differ by chance, as a share of the loss: one's deviation is 0.02 of it (0.018 measured). */
const CHANCE = 1.96 * Math.SQRT2 * 0.02;
/**
 * By so much of their loss short trainings underrate what makes a training harder: beside mirror and translation RandAugment cost 9 %
 * and mixup 16 % of it, and both help in a whole training; a vertical flip cost 27 %. Only what is worse than that is said to hurt.
 */
const UNDERRATED = 0.15;

type Judged = Pick<Trial, "score" | "losses">;

/** Nothing is known. */
export const unmeasured = (use: string): Worth => ({
  use,
  loss: null,
  lossWithout: null,
  interval: null,
  verdict: "not-measured",
});

/**
 * What a technique is worth by two short trainings of the same seed and batches, paired image by image. A model that has overfitted loses
 * confidence by anything that disturbs it, and its loss falls, for pictures upside down too: what helps must lower the loss at the
 * best temperature as well, beyond chance, and what hurts raise both.
 */
export function worthOf(use: string, without: Judged, whole: Judged): Worth {
  if (!without.score || !whole.score) return unmeasured(use);
  const [before, after] = [without.score, whole.score];
  const { mean, hi: highest } = meanInterval(whole.losses.map((loss, image) => loss - without.losses[image]!));
  // Two trainings differ by more than their images tell: each has its own chance.
  const half = Math.hypot(highest - mean, CHANCE * before.loss);
  const [lo, hi] = [mean - half, mean + half];
  const change = comparable(after) / comparable(before) - 1;
  const helps = hi < 0 && change < -CHANCE;
  const hurts = lo > UNDERRATED * before.loss && change > CHANCE;
  const verdict = helps ? "helps" : hurts ? "hurts" : "no-effect";
  return { use, loss: after.loss, lossWithout: before.loss, interval: [lo, hi], verdict };
}
