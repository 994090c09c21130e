import {
  completeParams,
  isOff,
  mergeFragments,
  shortName,
  type Fragment,
  type Params,
  type Problem,
  type Slot,
  type TechniqueMeta,
} from "@regimen/core";
import { operationsRefused } from "@regimen/image";
import { openTechniques, presetPolicy, priorOf } from "@regimen/proposals";
import { USUAL, drawsTransforms, isTransform, magnitudeOf } from "./candidates.ts";
import type { Judgement } from "./judge.ts";

/** The technique that draws one transform of a cluster for each image. */
const CLUSTER = "cluster";
/** The band that the preset takes: transforms that leave 85 to 95 of 100 right answers right. */
const USUAL_BAND = 2;
/** Below this prior a technique is not tried by itself. */
const WORTH_A_FORK = 0.2;

/** The problem after the judgement: what is refused is gone, what is capped is fixed at its cap, clusters are filled in. */
export function judged(problem: Problem, { refused, caps, table }: Judgement): Problem {
  const base = mergeFragments(problem.base, { steps: [], refused });
  const names = (base.refused ?? []).map(({ use }) => use);
  const out = new Set(names);
  const techniques = problem.techniques.filter(({ name }) => !out.has(name) && (table || shortName(name) !== CLUSTER));
  const fixed: Record<string, Params> = { ...problem.fixed };
  for (const technique of techniques) {
    const { name, space } = technique;
    const magnitude = magnitudeOf(technique);
    const cap = caps[name];
    if (magnitude && cap !== undefined && cap < (space[magnitude.key]!.default as number))
      fixed[name] = { [magnitude.key]: cap, ...fixed[name] };
    if (drawsTransforms(technique) && space["without"])
      fixed[name] = { without: operationsRefused(names).join(" "), ...fixed[name] };
    if (shortName(name) === CLUSTER)
      fixed[name] = { table, m: Math.min(USUAL_BAND, table.split("|").length), ...fixed[name] };
  }
  return { ...problem, techniques, fixed, base };
}

/** The problem without the transforms that the clusters hold: nothing is done twice. */
function undoubled(problem: Problem): Problem {
  const cluster = problem.techniques.find(({ name }) => shortName(name) === CLUSTER);
  const inside = cluster ? (problem.fixed?.[cluster.name]?.["table"] as string | undefined) : undefined;
  const drawn = new Set(inside?.split(/[\s|]+/).map((word) => word.split(":")[0]!));
  const techniques = problem.techniques.filter(
    ({ name, group }) => group !== "augmentation" || !drawn.has(shortName(name)),
  );
  return { ...problem, techniques };
}

/** What a short fork can judge: what is done to images and labels. The rest acts early in a training, or at its end. */
const JUDGED: readonly Slot[] = ["space", "colour", "texture", "mix", "label"];
/** One thing that may be added to a policy, in the place of `instead` where it has that. */
export type Move = {
  readonly steps: Fragment["steps"];
  /**
   * What it may cost of a fork's loss and still be taken. `given`: nobody looks, since no fork can judge it; `natural`: anything, since these images do the same by themselves;
   * `drawn`: much, since it is many small changes, each of which was looked at; `doubted`: little; `shown`: nothing; `won`: it must
   * win by more than chance.
   */
  readonly as: "given" | "natural" | "drawn" | "doubted" | "shown" | "won";
  /** A technique that it replaces; null: none. */ readonly instead: string | null;
  /** Whether it is taken where no images are left to try it. */ readonly untried: boolean;
};
export const moveOf = (steps: Fragment["steps"], as: Move["as"], instead: string | null = null): Move => ({
  steps,
  as,
  instead,
  untried: as === "given" || as === "natural" || as === "doubted",
});
/** What is tried where a move was turned down: its steps one by one, since one of several may be what held it back. None is taken untried. */
export const partsOf = ({ steps, ...move }: Move): readonly Move[] =>
  steps.length < 2 ? [] : steps.map((step) => ({ ...move, steps: [step], untried: false }));

const isJudged = ({ techniques }: Problem, use: string): boolean =>
  techniques.some(({ name, order }) => name === use && JUDGED.includes(order.slot));

/**
 * What forks decide about, in this order: the usual movements together, natural ones first; the likeliest way to draw transforms; what is usual and no
 * fork can reward, but may veto (weight decay acts early in a training); each other usual technique; then what is less usual, the
 * other ways to draw transforms in place of the first.
 */
export function movesOf(problem: Problem, natural: Judgement["natural"]): readonly Move[] {
  const inner = undoubled(problem);
  const open = openTechniques(inner)
    .filter(({ name }) => isJudged(problem, name))
    .sort((a, b) => priorOf(b) - priorOf(a));
  const stepOf = (technique: TechniqueMeta): Fragment["steps"] => {
    const params = completeParams(technique, problem.fixed?.[technique.name] ?? {});
    return isOff(technique.space, params) ? [] : [{ use: technique.name, with: params }];
  };
  const [drawers, single] = [open.filter(drawsTransforms), open.filter((technique) => !drawsTransforms(technique))];
  const [drawer] = drawers.filter((technique) => priorOf(technique) >= USUAL);
  const preset = presetPolicy(inner).steps;
  const given = preset.filter(({ use }) => !isJudged(problem, use));
  const movements = preset.filter(({ use }) => single.some((one) => one.name === use && isTransform(one)));
  const moving = (as: Move["as"], isNatural: boolean | undefined): Move =>
    moveOf(
      movements.filter(({ use }) => natural[use] === isNatural),
      as,
    );
  const others = single.filter(({ name }) => !movements.some(({ use }) => use === name));
  const move =
    (as: Move["as"], instead: string | null = null) =>
    (technique: TechniqueMeta): Move =>
      moveOf(stepOf(technique), as, instead);
  const likely = (technique: TechniqueMeta): boolean =>
    priorOf(technique) < USUAL && priorOf(technique) >= WORTH_A_FORK;
  return [
    moving("natural", true),
    moving("doubted", undefined),
    moving("shown", false),
    ...(drawer ? [move("drawn")(drawer)] : []),
    moveOf(given, "given"),
    ...others.filter((technique) => priorOf(technique) >= USUAL).map(move("shown")),
    ...drawers.filter((one) => one !== drawer && priorOf(one) >= WORTH_A_FORK).map(move("won", drawer?.name)),
    ...others.filter(likely).map(move("won")),
  ].filter(({ steps }) => steps.length);
}

/** A policy with one move more; undefined where it has that already, or would be in conflict. */
export function moved(problem: Problem, from: Fragment, { steps, instead }: Move): Fragment | undefined {
  const left = from.steps.filter(({ use }) => use !== instead);
  const has = steps.every((step) => from.steps.some((one) => JSON.stringify(one) === JSON.stringify(step)));
  const fit = steps.every(({ use }) => {
    const technique = problem.techniques.find(({ name }) => name === use);
    return technique && !left.some((step) => step.use === use) && fits(technique, problem, { steps: left });
  });
  return has || !fit ? undefined : mergeFragments({ ...from, steps: left }, { steps });
}

const fits = ({ name, order }: TechniqueMeta, problem: Problem, { steps }: Fragment): boolean =>
  steps.every(({ use }) => {
    const other = problem.techniques.find((technique) => technique.name === use);
    return !order.conflicts?.includes(use) && !other?.order.conflicts?.includes(name);
  });
