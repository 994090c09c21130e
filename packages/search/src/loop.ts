import { setMaxListeners } from "node:events";
import {
  RegimenError,
  addCost,
  imagesSeen,
  zeroCost,
  type Cost,
  type Done,
  type Executor,
  type Fragment,
  type MetaLearner,
  type Problem,
  type Work,
} from "@regimen/contracts";
import type { Journal } from "@regimen/run-folder";

/** A search, and what its owner does around each request. */
export type Asking = {
  readonly learner: MetaLearner;
  readonly problem: Problem;
  readonly journal: Journal;
  readonly executor: Executor;
  readonly signal: AbortSignal;
  /** Images that a training may go beyond what is left, since it ends on whole batches. */ readonly grace: number;
  /** Checkpoints that are there before the search, by name: the images after which they were taken. */
  readonly reached: ReadonlyMap<string, number>;
  /** Before a request is handed out. */ before(request: Work["request"]): Promise<unknown>;
  /** What was done in an earlier sitting. */ known(request: Work["request"]): Done | undefined;
  /** An answer has come, in whatever order. */ record(work: Work, done: Done): void;
  /** It is about to be told, in the order asked. */ told(work: Work, done: Done): void;
};
export type Told = {
  readonly best: Fragment;
  readonly spent: Cost;
  /** What the metalearner says it left undone. */ readonly why?: string;
};

/** `images`: what it may cost, held back from the budget until it is told. */
type Outstanding = { readonly work: Work; readonly images: number; readonly done: Promise<Done> };

/**
 * Asks, has it done, tells until the metalearner is done. As many requests are outstanding as the executor takes; after that
 * the oldest is waited for and told, then one more is asked. So what is asked depends on that number and on the answers, and
 * never on which came first: the same search gives the same policy each time, on four workers or in one process with the same
 * number. A run that goes on keeps the number it began with, which stands in the journal.
 *
 * Errors: REG_METALEARNER; what `submit` rejects with, after the others have been called off.
 */
export async function askAndTell(asking: Asking): Promise<Told> {
  const { learner, problem, executor, journal } = asking;
  const capacity = keptCapacity(journal, executor);
  const reached = new Map(asking.reached);
  const ids = new Set<string>();
  const outstanding: Outstanding[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([asking.signal, stop.signal]);
  setMaxListeners(0, signal); // one for each that is outstanding
  let state = learner.init(problem);
  let spent = zeroCost;

  const handOut = async (request: Work["request"]): Promise<void> => {
    if (ids.has(request.id)) throw wrong(learner, `asks for "${request.id}" a second time`);
    ids.add(request.id);
    await asking.before(request);
    const held = outstanding.reduce((sum, { images }) => sum + images, 0);
    const work: Work = { request, left: imagesSeen(problem.budget) - imagesSeen(spent) - held, seed: problem.seed };
    const known = asking.known(request);
    const done = known
      ? Promise.resolve(known)
      : executor.submit(work, signal).then((one) => (asking.record(work, one), one));
    done.catch(() => undefined); // heard when its turn has come
    outstanding.push({ work, images: mayCost(work, asking, reached), done });
    if (request.kind === "trial" && request.keep !== undefined) reached.set(request.keep, request.until);
  };
  const tellOldest = async (): Promise<void> => {
    const { work, done } = outstanding[0]!;
    const found = await done;
    outstanding.shift();
    asking.told(work, found);
    spent = addCost(spent, found.answer.cost);
    state = learner.tell(state, found.answer);
  };

  try {
    for (let waited = false; ;) {
      asking.signal.throwIfAborted();
      const [request, asked] = learner.ask(state);
      state = asked;
      const last = outstanding.at(-1)?.work.request.id;
      if (request.kind === "done") {
        if (last !== undefined) throw wrong(learner, `is done before "${last}" was told`);
        const { why } = request;
        return { best: learner.best(state), spent, ...(why !== undefined && { why }) };
      }
      if (request.kind !== "wait") {
        await handOut(request);
        if (outstanding.length >= capacity) await tellOldest();
      } else if (last !== undefined) await tellOldest();
      else if (waited) throw wrong(learner, "waits with nothing outstanding");
      waited = request.kind === "wait" && last === undefined;
    }
  } catch (error) {
    stop.abort();
    await Promise.allSettled(outstanding.map(({ done }) => done));
    throw error;
  }
}

const wrong = ({ name }: MetaLearner, does: string): RegimenError =>
  new RegimenError("REG_METALEARNER", `"${name}" ${does}`);

/** With another number a learner might ask otherwise. */
function keptCapacity(journal: Journal, executor: Executor): number {
  const kept = journal.get<number>("search", "capacity");
  if (kept !== undefined) return kept;
  const capacity = Math.max(1, executor.capacity);
  if (capacity > 1) journal.add("search", "capacity", capacity);
  return capacity;
}

/** In images. What is more than is left will be refused, and costs nothing. */
function mayCost({ request, left }: Work, { problem, grace }: Asking, reached: ReadonlyMap<string, number>): number {
  if (request.kind === "measure") return Math.max(0, Math.min(left, imagesSeen(request.atMost)));
  const need = request.until - ((request.from !== undefined && reached.get(request.from)) || 0);
  return need > left + grace ? 0 : need + problem.plain.inferred / 3;
}
