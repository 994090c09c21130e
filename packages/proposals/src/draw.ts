import {
  completeParams,
  isOff,
  mergeFragments,
  sampleAxis,
  type Axis,
  type Fragment,
  type Params,
  type Problem,
  type Rng,
  type TechniqueMeta,
} from "@regimen/core";

/** Draws that may come out at the off value, or as a policy that was there before, are repeated this often. */
const ATTEMPTS = 32;

/** A part of a package that brings several techniques ("@regimen/technique-augment/mirror"): half of them at once would be too strong. */
const isPart = ({ name }: TechniqueMeta): boolean => name.split("/").length > (name.startsWith("@") ? 2 : 1);

const fixedOf = (problem: Problem, { name }: TechniqueMeta): Params => problem.fixed?.[name] ?? {};

/** What is to be decided: not in the base, and not switched off by what the user fixed. */
export function openTechniques(problem: Problem): readonly TechniqueMeta[] {
  return problem.techniques.filter(
    (technique) =>
      !problem.base.steps.some((step) => step.use === technique.name) &&
      !isOff(technique.space, fixedOf(problem, technique)),
  );
}

/** Whether `technique` may join the base and those already chosen. */
function fits(problem: Problem, technique: TechniqueMeta, chosen: readonly TechniqueMeta[]): boolean {
  const refuses = (a: TechniqueMeta, name: string): boolean => a.order.conflicts?.includes(name) ?? false;
  return (
    !problem.base.steps.some((step) => refuses(technique, step.use)) &&
    !chosen.some((other) => refuses(technique, other.name) || refuses(other, technique.name))
  );
}

/** Chance of a technique that says nothing of it. */
const PRIOR = 0.5;
/** How often a technique is worth trying: what it says itself, ½, or ¼ where its package brings several. */
export const priorOf = (technique: TechniqueMeta): number => technique.prior ?? (isPart(technique) ? PRIOR / 2 : PRIOR);

/** The base and every open technique that is usual, at its default; of two in conflict, the one listed first. */
export function presetPolicy(problem: Problem): Fragment {
  const chosen: TechniqueMeta[] = [];
  const steps = openTechniques(problem).flatMap((technique) => {
    const params = completeParams(technique, fixedOf(problem, technique));
    const usual = (technique.prior ?? PRIOR) >= PRIOR;
    if (!usual || isOff(technique.space, params) || !fits(problem, technique, chosen)) return [];
    chosen.push(technique);
    return [{ use: technique.name, with: params }];
  });
  return mergeFragments(problem.base, { steps });
}

function drawParams(technique: TechniqueMeta, fixed: Params, rng: Rng): Params {
  const drawn = Object.entries<Axis>(technique.space).map(([key, axis]) => {
    const stream = rng.fork(key);
    let value = fixed[key] ?? sampleAxis(axis, stream);
    // A choice or a whole number may hit the off value; being out is another draw's business.
    for (let i = 0; value === axis.off && i < ATTEMPTS; i++) value = sampleAxis(axis, stream);
    return [key, value] as const;
  });
  return Object.fromEntries(drawn);
}

/**
 * A policy at random: each open technique with its prior, each training setting left as it is with probability ½;
 * numbers uniform in their range, or in its logarithm where the axis says so. Each has a stream of its own, so another
 * technique moves nothing but what it conflicts with.
 */
export function drawPolicy(problem: Problem, rng: Rng): Fragment {
  const open = openTechniques(problem).map((technique) => {
    const stream = rng.fork(technique.name);
    const within = stream.fork("in").uniform() < priorOf(technique);
    return { technique, turn: stream.fork("turn").uniform(), within, stream };
  });
  const chosen: TechniqueMeta[] = [];
  // In a drawn order, so that no side of a conflict is favoured.
  for (const { technique, within } of [...open].sort((a, b) => a.turn - b.turn))
    if (within && fits(problem, technique, chosen)) chosen.push(technique);
  const steps = open
    .filter(({ technique }) => chosen.includes(technique))
    .map(({ technique, stream }) => ({
      use: technique.name,
      with: drawParams(technique, fixedOf(problem, technique), stream.fork("with")),
    }));
  const train = Object.entries(problem.train).flatMap(([setting, axis]) => {
    const stream = rng.fork("train").fork(setting);
    return stream.uniform() < 0.5 ? [[setting, sampleAxis(axis, stream)] as const] : [];
  });
  return mergeFragments(problem.base, { steps, train: Object.fromEntries(train) });
}

/** Draw number `number` of a search; undefined where chance finds nothing that is not in `earlier`. */
export function drawAnother(
  problem: Problem,
  rng: Rng,
  number: number,
  earlier: readonly Fragment[],
): Fragment | undefined {
  const known = new Set([mergeFragments(problem.base, { steps: [] }), ...earlier].map((p) => JSON.stringify(p)));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const policy = drawPolicy(problem, rng.fork(number).fork(attempt));
    if (!known.has(JSON.stringify(policy))) return policy;
  }
  return undefined;
}

/** What is worth trying before chance: the preset, then what others found; each once, and not the base. */
export function firstPolicies(problem: Problem): readonly Fragment[] {
  const known = new Set([JSON.stringify(mergeFragments(problem.base, { steps: [] }))]);
  return [presetPolicy(problem), ...(problem.warm ?? []).map((warm) => mergeFragments(problem.base, warm))].filter(
    (policy) => {
      const key = JSON.stringify(policy);
      return !known.has(key) && Boolean(known.add(key));
    },
  );
}
