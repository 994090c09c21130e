import type { Tensor1D, Variable } from "@tensorflow/tfjs-core";
import {
  RegimenError,
  SLOTS,
  completeParams,
  isOff,
  type Batch,
  type Draw,
  type Fragment,
  type Hooks,
  type Objective,
  type Optimizer,
  type Params,
  type Rng,
  type Shape,
  type Slot,
  type Step,
  type Task,
  type Technique,
  type Weight,
} from "@regimen/contracts";
import { applyPending, blend } from "@regimen/steps";

/** A technique at work: its hooks, in the order they act. */
export interface Member {
  readonly name: string;
  readonly slot: Slot;
  readonly params: Params;
  readonly hooks: Hooks;
  /** Share of examples it touches; undefined: all. */ readonly rr: number | undefined;
  readonly oneOf: string | undefined;
}
/** A policy made ready. Techniques at their off value are not in it. */
export interface Composition {
  readonly members: readonly Member[];
  /** What a training with it costs, relative to a plain one. */ readonly cost: number;
}
export type Known = { readonly task: Task; readonly facts: readonly string[] };

/** Errors: REG_PLUGIN_MISSING, REG_PARAM*, REG_TASK, REG_POLICY_NEEDS, REG_POLICY_CONFLICT. */
export function composePolicy(policy: Fragment, techniques: readonly Technique[], known: Known): Composition {
  const chosen = policy.steps.flatMap((step, at) => {
    const technique = techniques.find((t) => t.name === step.use);
    if (!technique) {
      const pack = step.use
        .split("/")
        .slice(0, step.use.startsWith("@") ? 2 : 1)
        .join("/");
      const has = techniques.flatMap(({ name }) => (name.startsWith(`${pack}/`) ? [name.slice(pack.length + 1)] : []));
      const why = has.length
        ? `which ${pack} has not; it has ${has.join(", ")}`
        : `which is not installed; run: npm i ${pack}`;
      throw new RegimenError("REG_PLUGIN_MISSING", `policy step ${at + 1} uses "${step.use}", ${why}`);
    }
    const params = completeParams(technique, step.with);
    return isOff(technique.space, params) ? [] : [{ technique, params }];
  });
  const names = new Set(chosen.map(({ technique }) => technique.name));
  if (names.size < chosen.length)
    throw new RegimenError("REG_POLICY_CONFLICT", "the policy uses a technique twice; name each one once");
  for (const { technique } of chosen) check(technique, names, known);
  const members = inOrder(chosen).map(({ technique, params }): Member => {
    const rate = Object.entries(technique.space).find(([, axis]) => axis.kind === "rr")?.[0];
    const rr = rate === undefined ? undefined : (params[rate] as number);
    const { slot, oneOf } = technique.order;
    return {
      name: technique.name,
      slot,
      params,
      hooks: technique.create(params),
      rr: rr === 1 && !oneOf ? undefined : rr,
      oneOf,
    };
  });
  const cost = chosen.reduce((sum, { technique, params }) => sum * (technique.cost?.(params) ?? 1), 1);
  return { members, cost };
}

function check({ name, tasks, order }: Technique, names: ReadonlySet<string>, { task, facts }: Known): void {
  if (tasks && !tasks.includes(task))
    throw new RegimenError("REG_TASK", `"${name}" is for ${tasks.join(", ")}, and this task is ${task}; leave it out`);
  const missing = order.needs?.filter((need) => !facts.includes(need)) ?? [];
  const images = missing.filter((need) => need === "unlabeled" || need === "synthetic").map((need) => `data.${need}`);
  if (missing.length)
    throw new RegimenError(
      "REG_POLICY_NEEDS",
      `"${name}" needs ${missing.join(", ")}, which this data or model has not; ${images.length ? `give ${images.join(" and ")}, or ` : ""}leave it out`,
    );
  const rival = order.conflicts?.find((other) => names.has(other));
  if (rival) throw new RegimenError("REG_POLICY_CONFLICT", `"${name}" conflicts with "${rival}"; use one of them`);
}

/** One-of groups stand together, so that no stranger acts between their members. */
const place = ({ name, order }: Technique): string => `${order.oneOf ?? name}\u0000${name}`;

/** By slot, then `after`, then group or name: the order in which a policy lists its steps does not matter. */
function inOrder<T extends { readonly technique: Technique }>(chosen: readonly T[]): T[] {
  const rest = [...chosen].sort((a, b) => {
    const slots = SLOTS.indexOf(a.technique.order.slot) - SLOTS.indexOf(b.technique.order.slot);
    return slots || (place(a.technique) < place(b.technique) ? -1 : 1);
  });
  const done: T[] = [];
  while (rest.length) {
    const waits = (item: T): boolean =>
      rest.some((other) => other !== item && (item.technique.order.after?.includes(other.technique.name) ?? false));
    const at = rest.findIndex((item) => item.technique.order.slot === rest[0]!.technique.order.slot && !waits(item));
    if (at < 0)
      throw new RegimenError(
        "REG_POLICY_CONFLICT",
        `"${rest[0]!.technique.name}" waits for a technique that waits for it; mend their order.after`,
      );
    done.push(...rest.splice(at, 1));
  }
  return done;
}

/** The core's own draws stand under a technique's name and this suffix: which examples it touches. */
const TOUCHED = "touched";
const chooser = (member: Member): string => `${member.oneOf ? `one-of-${member.oneOf}` : member.name}/${TOUCHED}`;

/** Host: every technique's draws for one step, each from its own stream, and which examples it touches. */
export function drawFor(members: readonly Member[], rng: Rng, shape: Shape): Record<string, Draw> {
  const draws: Record<string, Draw> = {};
  for (const member of members) {
    if (member.hooks.draw) draws[member.name] = member.hooks.draw(rng.fork(member.name), shape);
    if (member.rr === undefined || !member.hooks.batch) continue;
    // Members of one group look at the same numbers, each at its own interval: an example gets one of them at most.
    const group = member.oneOf ? members.filter((other) => other.oneOf === member.oneOf) : [member];
    const total = Math.max(
      1,
      group.reduce((sum, other) => sum + (other.rr ?? 1), 0),
    );
    const before = group.slice(0, group.indexOf(member)).reduce((sum, other) => sum + (other.rr ?? 1), 0) / total;
    const until = before + member.rr / total;
    const choice = rng.fork(chooser(member));
    draws[`${member.name}/${TOUCHED}`] = {
      [TOUCHED]: Float32Array.from({ length: shape.n }, () => {
        const u = choice.uniform();
        return u >= before && u < until ? 1 : 0;
      }),
    };
  }
  return draws;
}

const PENDING: readonly Slot[] = ["sample", "space", "colour"];

/** Device: all `batch` hooks, blended by rr; pending warps and colours applied once, before the first texture or mix. */
export function applyBatch(members: readonly Member[], batch: Batch, step: Step): Batch {
  const fresh = { warp: batch.warp, colour: batch.colour };
  const acting = members.filter((member) => member.hooks.batch);
  const early = acting.filter((member) => PENDING.includes(member.slot));
  const late = acting.filter((member) => !PENDING.includes(member.slot));
  let current = applyPending(run(early, batch, step), fresh);
  current = run(late, current, step);
  if (current.warp !== fresh.warp || current.colour !== fresh.colour)
    throw new RegimenError(
      "REG_HOOK",
      "a technique edits batch.warp or batch.colour after they were applied; put it into the slot space or colour",
    );
  return current;
}

function run(members: readonly Member[], batch: Batch, step: Step): Batch {
  let current = batch;
  for (let at = 0; at < members.length;) {
    const { oneOf } = members[at]!;
    let end = at + 1;
    while (oneOf && members[end]?.oneOf === oneOf) end++;
    // All of a group see the batch as it came, so that none mixes what another has mixed.
    const before = current;
    for (const member of members.slice(at, end)) {
      const after = member.hooks.batch!(before, step.of(member.name));
      current = member.rr === undefined ? after : blend(touched(member, step), after, current);
    }
    at = end;
  }
  return current;
}
const touched = (member: Member, step: Step): Tensor1D => step.of(`${member.name}/${TOUCHED}`).fed[TOUCHED]!;

/** The task's loss with every `loss` hook around it, each with its technique's view of the step. */
export const objectiveOf = (members: readonly Member[], inner: Objective): Objective =>
  members.reduce<Objective>(
    (objective, member) => {
      const outer = member.hooks.loss?.(objective);
      return outer ? (seen, batch, step) => outer(seen, batch, step.of(member.name)) : objective;
    },
    (seen, batch, step) => inner(seen, batch, step.of("")),
  );

export const optimizerOf = (members: readonly Member[], base: Optimizer): Optimizer =>
  members.reduce<Optimizer>(
    (optimizer, member) => {
      const outer = member.hooks.optimizer?.(optimizer);
      return outer ? (evaluate, weights, step) => outer(evaluate, weights, step.of(member.name)) : optimizer;
    },
    (evaluate, weights, step) => base(evaluate, weights, step.of("")),
  );

/** What the `average` hooks make of the weights, each of what those before it made. */
export const averagesOf = (
  members: readonly Member[],
  weights: readonly Weight[],
  step: Step,
): Readonly<Record<string, Variable>> =>
  members.reduce<Readonly<Record<string, Variable>>>((made, { name, hooks }) => {
    const seen = weights.map((weight) => ({ ...weight, variable: made[weight.name] ?? weight.variable }));
    return { ...made, ...hooks.average?.(seen, step.of(name)) };
  }, {});
