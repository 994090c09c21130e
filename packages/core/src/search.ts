import {
  RegimenError,
  SLOTS,
  addCost,
  imagesSeen,
  threeWords,
  zeroCost,
  type Answer,
  type Cost,
  type Fragment,
  type Json,
  type MetaLearner,
  type Problem,
  type Request,
  type Technique,
  type Trial,
} from "@regimen/contracts";
import { decode, encode, type Checkpoint, type Journal } from "@regimen/run-folder";
import type { Session } from "./session.ts";
import { positionOf } from "./stage.ts";
import { measure, train } from "./train.ts";

type TrialRequest = Extract<Request, { kind: "trial" }>;
type MeasureRequest = Extract<Request, { kind: "measure" }>;
export type Found = { readonly best: Fragment; readonly trials: readonly Trial[]; readonly spent: Cost };

/** The plain training's checkpoint, which every learner may fork. */
export const TRUNK_NAME = "/trunk";

/**
 * Asks, does, tells until the metalearner is done; what the journal holds is told again, not done again. `plain` makes the trunk,
 * and is called before the first that forks it.
 */
export async function search(
  session: Session,
  learner: MetaLearner,
  problem: Problem,
  journal: Journal,
  plain: (settings: Fragment["train"]) => Promise<unknown>,
): Promise<Found> {
  let state = learner.init(problem);
  let spent = zeroCost;
  const trials: Trial[] = [];
  const ids = new Set<string>();
  for (let waited = false; ;) {
    session.signal.throwIfAborted();
    const [request, asked] = learner.ask(state);
    state = asked;
    if (request.kind === "done") break;
    if (request.kind === "wait") {
      // One request at a time is outstanding here, and it is answered at once: nobody is left to wait for.
      if (waited) throw new RegimenError("REG_METALEARNER", `"${learner.name}" waits with nothing outstanding`);
      waited = true;
      continue;
    }
    waited = false;
    if (ids.has(request.id))
      throw new RegimenError("REG_METALEARNER", `"${learner.name}" asks for "${request.id}" a second time`);
    ids.add(request.id);
    const left = imagesSeen(problem.budget) - imagesSeen(spent);
    if (request.from === TRUNK_NAME) await plain(request.policy.train);
    const [answer, trial] =
      request.kind === "trial"
        ? await answerTrial(session, request, left, journal)
        : [await answerMeasure(session, learner, request, { left, seed: problem.seed }, journal), undefined];
    if (trial) {
      trials.push(trial);
      const { name, score, status } = trial;
      session.emit({ kind: "trial", name, done: trials.length, score, status, secondsLeft: session.secondsLeft() });
    }
    // Everybody's checkpoints are nobody's to drop.
    for (const name of (request.kind === "trial" && request.drop) || [])
      if (!name.startsWith("/")) session.store.delete(checkpointKey(name));
    spent = addCost(spent, answer.cost);
    state = learner.tell(state, answer);
  }
  return { best: learner.best(state), trials, spent };
}

export const checkpointKey = (name: string): string => `checkpoint/${name}`;

/** Does one trial, or reads it from the journal. */
export async function answerTrial(
  session: Session,
  request: TrialRequest,
  left: number,
  journal: Journal,
  validate = false,
): Promise<readonly [Answer, Trial]> {
  const { id, policy, until, from, keep, seed } = request;
  const known = journal.get<Trial>("trial", id);
  if (known) {
    if (known.until !== until || JSON.stringify(known.policy) !== JSON.stringify(policy))
      throw new RegimenError(
        "REG_RUN_MISMATCH",
        `trial "${id}" was another one when this run was begun; resume it with the same metalearner and plug-ins`,
      );
    session.spent(known.cost);
    return [answerOf(known), known];
  }
  const horizon = request.horizon ?? imagesOf(session);
  const record = { id, name: threeWords(`${seed}/${id}`), policy, until, horizon, from: from ?? null };
  const finish = (
    rest: Pick<Trial, "status" | "score" | "cost" | "why" | "losses" | "points">,
  ): readonly [Answer, Trial] => {
    const trial: Trial = { ...record, ...rest };
    // A failure of the core's own training may have a passing reason: a resumed run tries it again.
    if (trial.status === "ok" || !id.startsWith("/")) journal.add("trial", id, trial as unknown as Json);
    forget(session, `trial/${id}`);
    return [answerOf(trial), trial];
  };
  const failed = (status: "failed" | "over-budget", why: string, cost = zeroCost): readonly [Answer, Trial] =>
    finish({ status, score: null, cost, why, losses: [], points: [] });

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
    const { checkpoint: end } = outcome;
    if (keep !== undefined && !end)
      return failed("failed", `its policy trains in several stages, which cannot be kept`, spent());
    if (keep !== undefined && end) session.store.put(checkpointKey(keep), encode(end));
    const losses = Array.from(outcome.metered.losses, (loss) => Number(loss.toPrecision(6)));
    return finish({
      status: "ok",
      score: outcome.metered.score,
      cost: outcome.cost,
      why: null,
      losses,
      points: outcome.points,
    });
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

async function answerMeasure(
  session: Session,
  learner: MetaLearner,
  request: MeasureRequest,
  how: { readonly left: number; readonly seed: number },
  journal: Journal,
): Promise<Answer> {
  const { id, use, policy, from, atMost, with: args } = request;
  const known = journal.get<Answer>("measure", id);
  if (known) {
    session.spent(known.cost);
    return known;
  }
  const doing = learner.measures?.[use];
  if (!doing)
    throw new RegimenError(
      "REG_METALEARNER",
      `"${learner.name}" asks for the measure "${use}", which it does not have`,
    );
  const checkpoint = keptAs(session, id, from);
  const limit = Math.min(how.left, imagesSeen(atMost));
  const { counting, spent } = counted(session);
  let answer: Answer;
  try {
    const { value, cost } = await measure(
      counting,
      { id, policy, limit, seed: how.seed, ...(checkpoint && { from: checkpoint }) },
      doing,
      args,
    );
    answer = { id, status: "ok", value, cost };
  } catch (error) {
    answer = { id, status: "failed", cost: spent(), why: whyFailed(error, session) };
  }
  journal.add("measure", id, answer as unknown as Json);
  forget(session, `measure/${id}`);
  return answer;
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
