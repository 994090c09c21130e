import type { Change, Cost, Fragment, Json, Measure, Train, Trained } from "@regimen/contracts";
import type { Checkpoint } from "@regimen/run-folder";
import { composePolicy, type Member } from "@regimen/composition";
import type { Session, Order, Outcome, Inner } from "./session.ts";
import { Training } from "./training.ts";

/** Trains once by a policy, whatever its techniques make of "once". */
export async function train(session: Session, order: Order): Promise<Outcome> {
  const composition = composePolicy(order.policy, session.registered.techniques, session);
  const work = new Training(session, order, composition);
  const trainers = composition.members.filter((member) => member.hooks.train);
  const whole = trainers.reduce<(change: Inner) => Promise<Trained>>(
    (inner, member) => (change) => {
      const next: Train = (asked) => inner(merge(change, asked, member.name));
      return member.hooks.train!(work.runOf(member.name, change), next);
    },
    (change) => work.fit(change),
  );
  const plain: Inner = { name: "", path: order.key, members: [] };
  const trained = await whole(plain);
  return work.outcome(trained, trainers.length > 0);
}

function merge(outer: Inner, asked: Change, by: string): Inner {
  const { hooks, slot = "objective", ...change } = asked;
  // Who says how many images has been told how many there are: the spans around are in that number.
  const around = asked.plan?.images === undefined ? outer.span : undefined;
  const within = (share: number): number => (around ? around[0] + share * (around[1] - around[0]) : share);
  const span = asked.span ? ([within(asked.span[0]), within(asked.span[1])] as const) : around;
  const { span: _, from, ...given } = outer;
  const path = `${outer.path}/${asked.name}`;
  const added: Member[] = hooks
    ? [{ name: `${by}/${asked.name}`, slot, params: {}, hooks, rr: undefined, oneOf: undefined }]
    : [];
  return {
    ...given,
    // Another model cannot take over the weights that this one was to begin with.
    ...(from && !asked.model && { from }),
    ...change,
    path,
    ...(span && { span }),
    members: [...outer.members, ...added],
    extra: [...(outer.extra ?? []), ...(asked.extra ?? [])],
    without: [...(outer.without ?? []), ...(asked.without ?? [])],
    cost: (outer.cost ?? 1) * (asked.cost ?? 1),
    ...(asked.stream !== undefined && { stream: `${outer.stream ?? ""}/${asked.stream}` }),
    ...((outer.plan || asked.plan) && { plan: { ...outer.plan, ...asked.plan } }),
  };
}

/** Runs a metalearner's measure on the model as a checkpoint left it. */
export async function measure(
  session: Session,
  how: {
    readonly id: string;
    readonly policy: Fragment;
    readonly limit: number;
    readonly seed: number;
    readonly from?: Checkpoint;
  },
  doing: Measure,
  args: Json,
): Promise<{ value: Json; cost: Cost }> {
  const order = {
    key: `measure/${how.id}`,
    policy: how.policy,
    seed: how.seed,
    until: how.limit,
    horizon: how.limit,
    validate: false,
    lasting: false,
  };
  const composition = composePolicy(how.policy, session.registered.techniques, session);
  const work = new Training(session, order, composition);
  return work.measure(doing, args, how.from);
}
