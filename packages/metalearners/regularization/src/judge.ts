import { shortName, type Fragment, type Json, type Problem, type TechniqueMeta } from "@regimen/core";
import { isRisky, isTransform, magnitudeOf, usualOf } from "./candidates.ts";
import type { Probed } from "./probe.ts";

export type Judgement = {
  readonly refused: NonNullable<Fragment["refused"]>;
  /** Whether a technique at its usual strength does what these images do by themselves: the model hardly notices. Absent: nobody looked. */
  readonly natural: { readonly [use: string]: boolean };
  /** The strongest magnitude that nothing speaks against, by technique. */
  readonly caps: { readonly [use: string]: number };
  /** Clusters of transforms, weakest first, as the cluster technique reads them: "rotate:0.3 blur:0.2 | …". */
  readonly table: string;
};

/** Of the whole test: divided by all candidates and all pairs of classes (Bonferroni). */
const LEVEL = 0.001;
/** Lower ends of the clusters: shares of right answers that a transform leaves right. What leaves fewer is too strong. */
const BANDS = [0.95, 0.85, 0.7] as const;
/**
 * What raises the loss by less than this share of it is natural, and what leaves so many right answers right: one image that the
 * model is very wrong about makes the loss of few. Of CIFAR-10 translation takes -1 % and 88 % stay; of Fashion-MNIST 160 % and 75 %.
 */
const NATURAL = { rise: 0.25, kept: 0.9 } as const;
/** The strongest rotation without evidence, as a magnitude: 15° of 45°. */
const GENTLE = { rotate: 1 / 3 } as const;
/** What does the same as another to only some of the images, so that it is harder to convict: refused with it. */
const KIN: Readonly<Record<string, string>> = { "alternating-mirror": "mirror" };
/** Movements that every policy has by themselves. */
const APART = ["mirror", "alternating-mirror", "translate", "crop", "flip-vertical", "rot90"];

/** What the probe's answers forbid, and how strong the rest may be. Pure. */
export function judge(problem: Problem, probed: readonly Probed[]): Judgement {
  const classes = probed[0]?.right.length ?? 0;
  const alpha = LEVEL / Math.max(1, probed.length * classes * (classes - 1));
  const refused: { use: string; because: string; evidence: Json }[] = [];
  const caps: Record<string, number> = {};
  const natural: Record<string, boolean> = {};
  const clusters: string[][] = BANDS.map(() => []);
  for (const technique of problem.techniques.filter(isTransform)) {
    const { name } = technique;
    const own = probed.filter(({ use }) => use === name);
    const short = shortName(name);
    if (!own.length) {
      if (isRisky(technique))
        refused.push({ use: name, because: "nobody looked whether it changes classes", evidence: null });
      continue;
    }
    const asUsed = usualOf(technique, own)!;
    natural[name] = asUsed.rise < NATURAL.rise * asUsed.loss || asUsed.kept >= NATURAL.kept;
    const magnitude = magnitudeOf(technique);
    const strength = (one: Probed): number => (magnitude ? (one.with[magnitude.key] as number) : 1);
    own.sort((a, b) => strength(a) - strength(b));
    const guilty = own.find(({ flip }) => flip !== null && flip.p < alpha);
    const usual = magnitude ? defaultOf(technique, magnitude.key) : 1;
    if (guilty && strength(guilty) <= 2 * usual) {
      refused.push({ use: name, because: because(guilty), evidence: evidence(guilty, alpha) });
      continue;
    }
    const blind = own.find((one) => !canTell(one, alpha));
    if (blind && isRisky(technique)) {
      refused.push({
        use: name,
        because: `there are too few images to tell whether it changes classes`,
        evidence: {
          test: "directed flips",
          images: blind.images,
          heldOut: blind.heldOut,
          right: [...blind.right],
          alpha,
        },
      });
      continue;
    }
    if (!magnitude) continue;
    const below = own.filter((one) => !guilty || strength(one) < strength(guilty)).map(strength);
    const gentle = blind && short in GENTLE ? GENTLE[short as keyof typeof GENTLE] : Number.POSITIVE_INFINITY;
    caps[name] = Math.min(gentle, below.at(-1) ?? 0);
    if (APART.includes(short)) continue;
    const kept = falling(own.map((one) => one.kept));
    for (const [band, least] of BANDS.entries()) {
      const most = band ? BANDS[band - 1]! : Number.POSITIVE_INFINITY;
      // The strongest of the band; in the weakest, of all that change anything.
      const at = own.findLastIndex((one, i) => kept[i]! >= least && kept[i]! < most && strength(one) <= caps[name]!);
      if (at >= 0) clusters[band]!.push(`${short}:${round(strength(own[at]!))}`);
    }
  }
  for (const { name } of problem.techniques) {
    const kin = refused.find(({ use }) => shortName(use) === KIN[shortName(name)]);
    if (kin && !refused.some(({ use }) => use === name)) refused.push({ ...kin, use: name });
  }
  const table = clusters
    .filter((cluster) => cluster.length)
    .map((cluster) => cluster.join(" "))
    .join(" | ");
  return { refused, natural, caps, table };
}

const round = (value: number): number => Number(value.toPrecision(3));
const defaultOf = ({ space }: TechniqueMeta, key: string): number => space[key]!.default as number;

/** Whether a transform that turned most classes into others would be found out: if all right images of half the classes flipped. */
function canTell({ right, flip }: Probed, alpha: number): boolean {
  const rate = flip?.harmless ?? 0.05;
  const enough = right.filter((images) => images > 0 && rate ** images < alpha).length;
  return enough >= right.length / 2;
}

function because({ flip, images, heldOut }: Probed): string {
  const { from, to, flipped, of } = flip!;
  const seen = images > heldOut ? `${images} images, ${heldOut} of them held out` : `${images} held-out images`;
  return `it turns images of class ${from} into class ${to}: ${flipped} of ${of} that were right, on ${seen}`;
}
const evidence = ({ flip, images, heldOut, with: params, kept, rise }: Probed, alpha: number): Json => ({
  test: "exact binomial on directed flips",
  images,
  heldOut,
  with: params,
  ...flip!,
  alpha,
  kept,
  rise,
});

/** The closest sequence that never rises, in least squares (pool adjacent violators). */
export function falling(values: readonly number[]): number[] {
  const pools: { sum: number; count: number }[] = [];
  for (const value of values) {
    pools.push({ sum: value, count: 1 });
    for (;;) {
      const [before, last] = pools.slice(-2);
      if (!last || !before || before.sum / before.count >= last.sum / last.count) break;
      pools.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  return pools.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
}
