import { completeParams, shortName, type Params, type Problem, type TechniqueMeta } from "@regimen/core";
import { openTechniques, priorOf } from "@regimen/proposals";

/** Transforms that turn things into their mirror or onto their side: without evidence that they may, they may not. */
const RISKY = ["mirror", "alternating-mirror", "flip-vertical", "rot90"];
export const isRisky = ({ name }: TechniqueMeta): boolean => RISKY.includes(shortName(name));

/** One transform at one strength, on every image. */
export type Candidate = { readonly use: string; readonly with: Params };

/** From this prior on a technique is usual. */
export const USUAL = 0.5;

/** So many candidates at least, where there are transforms to be graded. */
const LEAST = 200;
/** Strengths of a transform at least. */
const LEVELS = 5;

/** Whether a technique is one change of one image, which a trained model can then be asked about. */
export const isTransform = ({ group, order }: TechniqueMeta): boolean =>
  group === "augmentation" && ["space", "colour", "texture"].includes(order.slot);
/** Whether it draws among several transforms by itself. */
export const drawsTransforms = ({ group }: TechniqueMeta): boolean => group === "augmentation-policy";

/** The axis that says how strong a technique is. */
export const magnitudeOf = ({ space }: TechniqueMeta): { key: string; lo: number; hi: number } | undefined => {
  const found = Object.entries(space).find(([, axis]) => axis.kind === "m");
  if (!found || found[1].kind !== "m") return undefined;
  const [key, { range }] = found;
  return { key, lo: range[0], hi: range[1] };
};

/** Every transform that is open, at equal steps from nothing to its strongest. */
export function candidatesOf(problem: Problem): readonly Candidate[] {
  const transforms = openTechniques(problem).filter(isTransform);
  const graded = transforms.filter(magnitudeOf).length;
  const levels = Math.max(LEVELS, Math.ceil((LEAST - (transforms.length - graded)) / Math.max(1, graded)));
  return transforms.flatMap((technique) => {
    const params = everywhere(technique, problem.fixed?.[technique.name] ?? {});
    const magnitude = magnitudeOf(technique);
    if (!magnitude) return [{ use: technique.name, with: params }];
    const { key, lo, hi } = magnitude;
    const steps = Array.from({ length: levels }, (_, at) => lo + ((at + 1) / levels) * (hi - lo));
    return steps.map((m) => ({ use: technique.name, with: { ...params, [key]: m } }));
  });
}

/** A technique's hyperparameters, with every image touched. */
function everywhere(technique: TechniqueMeta, fixed: Params): Params {
  const rate = Object.entries(technique.space).find(([, axis]) => axis.kind === "rr");
  return { ...completeParams(technique, fixed), ...(rate && { [rate[0]]: 1 }) };
}

/** What makes another thing of a thing, if anything does: what cannot be used unseen, and rotations. */
export const turnsOf = ({ techniques }: Problem): readonly string[] =>
  techniques.filter((one) => isRisky(one) || shortName(one.name) === "rotate").map(({ name }) => name);

/** Of one technique's candidates, the one closest to its usual strength. */
export function usualOf<C extends Candidate>(technique: TechniqueMeta, own: readonly C[]): C | undefined {
  const magnitude = magnitudeOf(technique);
  if (!magnitude) return own[0];
  const usual = technique.space[magnitude.key]!.default as number;
  const away = ({ with: params }: C): number => Math.abs((params[magnitude.key] as number) - usual);
  return [...own].sort((a, b) => away(a) - away(b))[0];
}

/** What is asked where the budget does not show everything to enough images: what turns things, and usual movements as they are used. */
export function mostUrgent(problem: Problem, candidates: readonly Candidate[]): readonly Candidate[] {
  const turns = turnsOf(problem);
  const usual = problem.techniques
    .filter((one) => isTransform(one) && priorOf(one) >= USUAL)
    .map((one) =>
      usualOf(
        one,
        candidates.filter(({ use }) => use === one.name),
      ),
    );
  return candidates.filter((candidate) => turns.includes(candidate.use) || usual.includes(candidate));
}
