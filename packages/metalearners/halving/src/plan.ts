import { imagesSeen, type Problem } from "@regimen/core";
import { trunkOf } from "@regimen/proposals";

/** The ladder: rung k is reached `images`·η^k images after the start. */
export type Ladder = {
  /** Images of the trunk that the bottom rung forks; 0 where trainings begin anew. */ readonly start: number;
  readonly eta: number;
  readonly rungs: number;
  /** New configurations at the most, the base not counted. */ readonly configurations: number;
  /** Images at the bottom rung. */ readonly images: number;
};

/** The shortest bottom rung that says something, in plain runs: about one of 30 epochs. */
const SHORTEST = 0.03;
/** Part of the budget that is planned with: evaluations, and promotions that later entries would not have earned. */
const PLANNED = 0.9;

/** Images at which rung `k` pauses, counted from the beginning of the training. */
export const until = (ladder: Ladder, k: number): number => ladder.start + Math.round(ladder.images * ladder.eta ** k);
/** Images that climbing to rung `k` trains. */
export const climb = (ladder: Ladder, k: number): number =>
  until(ladder, k) - (k ? until(ladder, k - 1) : ladder.start);

/** What a ladder costs in units of its bottom rung: `n` configurations, the base on every rung, and `again` at the bottom. */
function units(n: number, eta: number, rungs: number, again: number): number {
  const steps = Array.from({ length: rungs }, (_, k) => (k ? eta ** k - eta ** (k - 1) : 1));
  const entries = steps.map((_, k) => (k ? Math.max(1, Math.floor(n / eta ** k)) : n));
  return steps.reduce((sum, step, k) => sum + step * (entries[k]! + 1), again);
}

/**
 * The highest ladder (`rungs` at the most) whose bottom rung is still long enough. More budget makes more configurations and
 * longer rungs alike, up to a plain run's length at the top. Undefined where the budget pays for none.
 */
export function ladderFor(problem: Problem, eta: number, rungs: number): Ladder | undefined {
  const share = imagesSeen(problem.budget) / imagesSeen(problem.plain);
  const start = trunkOf(problem)?.images ?? 0;
  const top = 1 - start / problem.plain.trained;
  for (let height = rungs; height >= 1; height--) {
    const bracket = Math.max(2, eta ** (height - 1));
    let configurations = bracket * Math.max(1, Math.round(Math.sqrt(share)));
    const bottom = (): number => (PLANNED * share) / units(configurations, eta, height, start > 0 ? 1 : 0);
    while (bottom() * eta ** (height - 1) > top) configurations += bracket;
    const images = Math.floor(bottom() * problem.plain.trained);
    if (images >= 1 && bottom() >= SHORTEST * PLANNED) return { start, eta, rungs: height, configurations, images };
  }
  return undefined;
}
