import {
  RegimenError,
  SLOTS,
  addCost,
  imagesSeen,
  threeWords,
  zeroCost,
  type Answer,
  type Cost,
  type Done,
  type Executor,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
  type Request,
  type Technique,
  type Trial,
  type Work,
} from "@regimen/contracts";
import { decode, encode, type Checkpoint, type Journal } from "@regimen/run-folder";
import { askAndTell, oneByOne, type Told } from "@regimen/search";
import type { Session } from "./session.ts";
import { positionOf } from "./stage.ts";
import { measure, train } from "./train.ts";

export type TrialRequest = Extract<Request, { kind: "trial" }>;
type MeasureRequest = Extract<Request, { kind: "measure" }>;
export type Found = Told & { readonly trials: readonly Trial[] };

/** The plain training's checkpoint, which every learner may fork. */
export const TRUNK_NAME = "/trunk";
/** The baseline's, further on. */
export const LATE_NAME = "/late";

/** Has the metalearner's requests done, here unless told; what the journal holds is told again. `plain` makes the trunk, when it is first forked. */
export async function search(
  session: Session,
  learner: MetaLearner,
  problem: Problem,
  journal: Journal,
  plain: (settings: Fragment["train"]) => Promise<unknown>,
  elsewhere?: Executor,
): Promise<Found> {
  const trials: Trial[] = [];
  const found = await askAndTell({
    learner,
    problem,
    journal,
    executor: elsewhere ?? oneByOne((work, signal) => doWork({ ...session, signal }, learner, work)),
    signal: session.signal,
    grace: session.settings.batchSize,
    reached: new Map([[TRUNK_NAME, Number(problem.facts["trunkImages"])]]),
    before: async ({ from, policy }) => from === TRUNK_NAME && plain(policy.train),
    known: (request) => knownOf(session, request, journal),
    record: ({ request: { kind, id } }, { answer, trial }) => {
      journal.add(kind, id, (trial ?? answer) as unknown as Json);
      forget(session, `${kind}/${id}`);
      if (elsewhere) session.spent({ ...answer.cost, seconds: answer.cost.seconds / elsewhere.capacity });
    },
    told: ({ request }, { trial }) => {
      if (!trial) return;
      trials.push(trial);
      const { name, policy, score, status } = trial;
      const told = { name, policy, done: trials.length, score, status } as const;
      session.emit({ kind: "trial", ...told, secondsLeft: session.secondsLeft() });
      // Everybody's checkpoints are nobody's to drop.
      for (const kept of (request.kind === "trial" && request.drop) || [])
        if (!kept.startsWith("/")) session.store.delete(checkpointKey(kept));
    },
  });
  return { ...found, trials };
}

/** Does one request; nothing is written down but what it keeps. */
export async function doWork(session: Session, learner: MetaLearner, work: Work): Promise<Done> {
  session.signal.throwIfAborted();
  const { request, left, seed } = work;
  if (request.kind === "measure")
    return { answer: await doMeasure(session, learner, request, { left, seed }), trial: null };
  const trial = await doTrial(session, request, left);
  return { answer: answerOf(trial), trial };
}

/** What the journal holds of a request. */
function knownOf(session: Session, request: Work["request"], journal: Journal): Done | undefined {
  const { kind, id } = request;
  if (kind === "measure") {
    const answer = journal.get<Answer>(kind, id);
    if (answer) session.spent(answer.cost);
    return answer && { answer, trial: null };
  }
  const trial = journal.get<Trial>(kind, id);
  if (!trial) return undefined;
  if (trial.until !== request.until || JSON.stringify(trial.policy) !== JSON.stringify(request.policy))
    throw new RegimenError(
      "REG_RUN_MISMATCH",
      `trial "${id}" was another one when this run was begun; resume it with the same metalearner and plug-ins`,
    );
  session.spent(trial.cost);
  return { answer: answerOf(trial), trial };
}

export const checkpointKey = (name: string): string => `checkpoint/${name}`;

/** Does one trial, or reads it from the journal: outside of a search. */
export async function answerTrial(
  session: Session,
  request: TrialRequest,
  left: number,
  journal: Journal,
  validate = false,
): Promise<readonly [Answer, Trial]> {
  const known = knownOf(session, request, journal);
  if (known?.trial) return [known.answer, known.trial];
  const { id } = request;
  const trial = await doTrial(session, request, left, validate);
  // A failure of the core's own training may have a passing reason: a resumed run tries it again.
  if (trial.status === "ok" || !id.startsWith("/")) journal.add("trial", id, trial as unknown as Json);
  forget(session, `trial/${id}`);
  return [answerOf(trial), trial];
}

async function doTrial(session: Session, request: TrialRequest, left: number, validate = false): Promise<Trial> {
  const { id, policy, until, from, keep, seed } = request;
  const horizon = request.horizon ?? imagesOf(session);
  const record = { id, name: threeWords(`${seed}/${id}`), policy, until, horizon, from: from ?? null };
  const failed = (status: "failed" | "over-budget", why: string, cost = zeroCost): Trial => ({
    ...record,
    status,
    score: null,
    cost,
    why,
    losses: [],
    points: [],
  });

  const checkpoint = keptAs(session, id, from);
  const need = until - positionOf(checkpoint).position;
  // One batch of grace: trainings end on whole batches.
  if (need > left + session.settings.batchSize)
    return failed("over-budget", `it needs ${Math.round(need)} images and ${Math.round(left)} are left`);
  const { counting, spent } = counted(session);
  try {
    const order = {
      key: `trial/${id}`,
      policy,
      seed,
      until,
      horizon,
      origin: request.origin ?? 0,
      validate,
      lasting: false,
      ...(checkpoint && { from: checkpoint }),
    };
    const outcome = await train(counting, order);
    outcome.model.dispose();
    const { checkpoint: end, metered, cost, points } = outcome;
    if (keep !== undefined && !end)
      return failed("failed", `its policy trains in several stages, which cannot be kept`, spent());
    if (keep !== undefined && end) session.store.put(checkpointKey(keep), encode(end));
    const losses = Array.from(metered.losses, (loss) => Number(loss.toPrecision(6)));
    return { ...record, status: "ok", score: metered.score, cost, why: null, losses, points };
  } catch (error) {
    return failed("failed", whyFailed(error, session), spent());
  }
}
/** A technique that breaks costs its trial, not the search; what would break every other trial too is thrown on. */
function whyFailed(error: unknown, session: Session): string {
  const { message, code } = error as Partial<RegimenError>;
  if (session.signal.aborted || code === "REG_DISK" || code === "REG_METALEARNER" || message === undefined) throw error;
  return message;
}
const answerOf = ({ id, status, score, cost, why }: Trial): Answer => ({
  id,
  status,
  cost,
  ...(score && { score }),
  ...(why !== null && { why }),
});
/** Errors: REG_METALEARNER where nothing is kept under that name. */
function keptAs(session: Session, id: string, from: string | undefined): Checkpoint | undefined {
  if (from === undefined) return undefined;
  const kept = session.store.get(checkpointKey(from));
  if (kept) return decode(kept);
  throw new RegimenError("REG_METALEARNER", `"${id}" starts from "${from}", which no trial kept or which was dropped`);
}
/** A session that also keeps an account of its own: what failed was paid for too. */
function counted(session: Session): { counting: Session; spent(): Cost } {
  let sum: Cost = zeroCost;
  const spent = (cost: Cost): void => {
    sum = addCost(sum, cost);
    session.spent(cost);
  };
  return { counting: { ...session, spent }, spent: () => sum };
}
/** What only an unfinished training would need. */
const forget = ({ store }: Session, key: string): void =>
  ["done", "partial", "table", "snapshot"].forEach((kind) => store.clear(`${kind}/${key}`));
const imagesOf = (session: Session): number => session.settings.epochs * session.data.train.length;

async function doMeasure(
  session: Session,
  learner: MetaLearner,
  request: MeasureRequest,
  how: { readonly left: number; readonly seed: number },
): Promise<Answer> {
  const { id, use, policy, from, atMost, with: args } = request;
  const doing = learner.measures?.[use];
  if (!doing)
    throw new RegimenError(
      "REG_METALEARNER",
      `"${learner.name}" asks for the measure "${use}", which it does not have`,
    );
  const checkpoint = keptAs(session, id, from);
  const limit = Math.min(how.left, imagesSeen(atMost));
  const { counting, spent } = counted(session);
  try {
    const order = { id, policy, limit, seed: how.seed, ...(checkpoint && { from: checkpoint }) };
    const { value, cost } = await measure(counting, order, doing, args);
    return { id, status: "ok", value, cost };
  } catch (error) {
    return { id, status: "failed", cost: spent(), why: whyFailed(error, session) };
  }
}

/**
 * What can be composed here at all, in the order in which it acts: the others are left out of the search, and the order in
 * which plug-ins were loaded changes nothing.
 */
export function usable(session: Pick<Session, "registered" | "task" | "facts">): Session["registered"]["techniques"] {
  const slot = ({ order }: Technique): number => SLOTS.indexOf(order.slot);
  return session.registered.techniques
    .filter(
      ({ tasks, order }) =>
        (!tasks || tasks.includes(session.task)) && (order.needs ?? []).every((need) => session.facts.includes(need)),
    )
    .sort((a, b) => slot(a) - slot(b) || (a.name < b.name ? -1 : 1));
}
