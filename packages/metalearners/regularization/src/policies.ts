import {
  completeParams,
  isOff,
  mergeFragments,
  shortName,
  type Fragment,
  type Params,
  type Problem,
  type TechniqueMeta,
} from "@regimen/core";
import { operationsRefused } from "@regimen/image";
import { openTechniques, presetPolicy, priorOf } from "@regimen/proposals";
import { drawsTransforms, magnitudeOf } from "./candidates.ts";
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

/** Everything usual that is not refused, and not what the clusters hold already. */
export function presetOf(problem: Problem): Fragment {
  const cluster = openTechniques(problem).find(({ name }) => shortName(name) === CLUSTER);
  const preset = presetPolicy(undoubled(problem));
  const params = cluster && completeParams(cluster, problem.fixed?.[cluster.name] ?? {});
  return params ? mergeFragments(preset, { steps: [{ use: cluster.name, with: params }] }) : preset;
}

/**
 * What differs from `from` by one decision: another band of the clusters, another way to draw transforms in their place, or one
 * more technique; likeliest first.
 */
export function neighbours(problem: Problem, from: Fragment): readonly Fragment[] {
  const cluster = from.steps.find(({ use }) => shortName(use) === CLUSTER);
  const bands = cluster ? String(cluster.with["table"]).split("|").length : 0;
  const elsewhere = Array.from({ length: bands }, (_, at) => at + 1).filter((band) => band !== cluster?.with["m"]);
  const moved = elsewhere.map((m) => mergeFragments(from, { steps: [{ ...cluster!, with: { ...cluster!.with, m } }] }));
  const open = [...openTechniques(undoubled(problem))].sort((a, b) => priorOf(b) - priorOf(a));
  const usual = (technique: TechniqueMeta): Params => completeParams(technique, problem.fixed?.[technique.name] ?? {});
  const others = { ...from, steps: from.steps.filter((step) => step !== cluster) };
  const instead = open
    .filter((technique) => cluster && drawsTransforms(technique) && technique.name !== cluster.use)
    .filter((technique) => priorOf(technique) >= WORTH_A_FORK)
    .map((technique) => mergeFragments(others, { steps: [{ use: technique.name, with: usual(technique) }] }));
  const more = open
    .filter((technique) => !drawsTransforms(technique) || !cluster)
    .filter((technique) => !from.steps.some(({ use }) => use === technique.name) && fits(technique, problem, from))
    .filter((technique) => priorOf(technique) >= WORTH_A_FORK)
    .flatMap((technique) => {
      const params = usual(technique);
      return isOff(technique.space, params)
        ? []
        : [mergeFragments(from, { steps: [{ use: technique.name, with: params }] })];
    });
  return [...moved, ...instead, ...more];
}

const fits = ({ name, order }: TechniqueMeta, problem: Problem, { steps }: Fragment): boolean =>
  steps.every(({ use }) => {
    const other = problem.techniques.find((technique) => technique.name === use);
    return !order.conflicts?.includes(use) && !other?.order.conflicts?.includes(name);
  });
