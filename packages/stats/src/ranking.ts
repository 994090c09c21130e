/** A score for each example, whether it has what is looked for, and how often it counts (once, unless told). */
type Ranked = {
  readonly scores: ArrayLike<number>;
  readonly truth: ArrayLike<boolean | number>;
  readonly counts?: ArrayLike<number> | undefined;
};
/** Examples from the highest score down, at the end of each run of equal scores. */
type Cut = { readonly threshold: number; readonly right: number; readonly taken: number };

function cuts({ scores, truth, counts }: Ranked): Cut[] {
  if (scores.length !== truth.length)
    throw new RangeError(`got ${scores.length} scores and ${truth.length} truths; expected as many of both`);
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const found: Cut[] = [];
  let [right, taken] = [0, 0];
  order.forEach((example, at) => {
    const times = counts ? counts[example]! : 1;
    taken += times;
    if (truth[example]) right += times;
    const threshold = scores[example]!;
    if (taken > 0 && (at + 1 === order.length || scores[order[at + 1]!]! !== threshold))
      found.push({ threshold, right, taken });
  });
  return found;
}

/**
 * Average precision: the exact area below the steps of the precision–recall curve, Σ (R_i − R_{i−1}) P_i over all distinct
 * scores, as scikit-learn defines it; null where no example has what is looked for. `counts`: how often each example is there.
 */
export function averagePrecision(
  scores: Ranked["scores"],
  truth: Ranked["truth"],
  counts?: Ranked["counts"],
): number | null {
  const steps = cuts({ scores, truth, counts });
  const positives = steps.at(-1)?.right ?? 0;
  if (!positives) return null;
  return steps.reduce(
    (area, { right, taken }, at) => area + ((right - (steps[at - 1]?.right ?? 0)) / positives) * (right / taken),
    0,
  );
}

/**
 * The chance that an example with what is looked for scores above one without, equal scores counted half (the area under the
 * ROC curve); null where there are none of one kind.
 */
export function rocAuc(scores: Ranked["scores"], truth: Ranked["truth"]): number | null {
  const steps = cuts({ scores, truth });
  const last = steps.at(-1);
  const [positives, negatives] = [last?.right ?? 0, (last?.taken ?? 0) - (last?.right ?? 0)];
  if (!positives || !negatives) return null;
  const area = steps.reduce((sum, { right, taken }, at) => {
    const before = steps[at - 1] ?? { right: 0, taken: 0 };
    return sum + (taken - right - (before.taken - before.right)) * ((right + before.right) / 2);
  }, 0);
  return area / (positives * negatives);
}

/** Points of a curve that is drawn: more is not seen. */
const POINTS = 50;

/**
 * Recall and precision from the highest score down, each at the first score that reaches another fiftieth of recall, and at that
 * which reaches the largest. Points are [recall, precision]; none where nothing is looked for.
 */
export function precisionRecallCurve(scores: Ranked["scores"], truth: Ranked["truth"]): [number, number][] {
  const steps = cuts({ scores, truth });
  const positives = steps.at(-1)?.right ?? 0;
  if (!positives) return [];
  return thinned(steps.map(({ right, taken }) => [right / positives, right / taken]));
}

/** Of [recall, precision] with recalls that never fall: the first above none, at or above each fiftieth, and at the largest. */
export function thinned(points: readonly (readonly [number, number])[]): [number, number][] {
  const most = points.at(-1)?.[0] ?? 0;
  const kept: [number, number][] = [];
  let next = 0;
  for (const [recall, precision] of points) {
    const last = recall === most && kept.at(-1)?.[0] !== most;
    if (recall === 0 || (recall * POINTS < next - 1e-9 && !last)) continue;
    kept.push([recall, precision]);
    next = Math.floor(recall * POINTS + 1e-9) + 1;
  }
  return kept;
}

export type AtThreshold = {
  readonly precision: number | null;
  readonly recall: number | null;
  /** 2 · right over what was answered and what there is; null where that is nothing. */ readonly f1: number | null;
};

/** What comes of answering yes from `threshold` on. Shares of nothing are null. */
export function atThreshold(scores: Ranked["scores"], truth: Ranked["truth"], threshold: number): AtThreshold {
  let [right, taken, positives] = [0, 0, 0];
  for (let i = 0; i < scores.length; i++) {
    const yes = scores[i]! >= threshold;
    if (yes) taken++;
    if (truth[i]) positives++;
    if (yes && truth[i]) right++;
  }
  return {
    precision: taken ? right / taken : null,
    recall: positives ? right / positives : null,
    f1: taken + positives ? (2 * right) / (taken + positives) : null,
  };
}

/**
 * The threshold of the largest F1, halfway to the next score below, since nothing is known in between; of equal ones the
 * highest. Null where no example has what is looked for.
 */
export function bestThreshold(scores: Ranked["scores"], truth: Ranked["truth"]): number | null {
  const steps = cuts({ scores, truth });
  const positives = steps.at(-1)?.right ?? 0;
  if (!positives) return null;
  const f1 = ({ right, taken }: Cut): number => (2 * right) / (taken + positives);
  const best = steps.reduce((top, cut) => (f1(cut) > f1(top) ? cut : top));
  const below = steps[steps.indexOf(best) + 1];
  return below ? (best.threshold + below.threshold) / 2 : best.threshold;
}
