import {
  createRng,
  imagesSeen,
  scaleCost,
  type Answer,
  type Fragment,
  type Json,
  type MetaLearner,
  type NumberAxis,
  type Problem,
  type Request,
} from "@regimen/core";
import { createHalving, winnerOf, type HalvingState } from "@regimen/metalearner-halving";
import { checkOptions } from "@regimen/proposals";

export type HyperbandOptions = {
  /** η: one of so many is promoted. 2 to 10. */ readonly eta?: number;
  /** Rungs of the tallest bracket, and so brackets. 2 to 6. */ readonly rungs?: number;
};
const AXES: { readonly [K in keyof Required<HyperbandOptions>]: NumberAxis } = {
  eta: { kind: "value", range: [2, 10], scale: "integer", default: 3 },
  rungs: { kind: "value", range: [2, 6], scale: "integer", default: 3 },
};
export type HyperbandState = {
  readonly problem: Problem;
  /** One after the other, the tallest first. */ readonly brackets: readonly HalvingState[];
  readonly at: number;
};

// A bracket's ids and checkpoints stand below its number; a checkpoint whose name starts with "/" is everybody's.
const place = (at: number, name: string): string => (name.startsWith("/") ? name : `${at}/${name}`);
function outward(at: number, request: Request): Request {
  if (request.kind !== "trial") return request;
  return {
    ...request,
    id: `${at}/${request.id}`,
    ...(request.from !== undefined && { from: place(at, request.from) }),
    ...(request.keep !== undefined && { keep: place(at, request.keep) }),
    ...(request.drop && { drop: request.drop.map((name) => place(at, name)) }),
  };
}

/**
 * Hyperband (Li et al. 2018, algorithm 1): brackets of successive halving with equal budgets, from many policies with short trainings to
 * few with long ones, so that nobody has to know how early the best can be told. Errors: REG_PARAM*.
 */
export function createHyperband(
  options: { readonly [option: string]: Json | undefined } = {},
): MetaLearner<HyperbandState> {
  const { eta = AXES.eta.default, rungs = AXES.rungs.default } = checkOptions<HyperbandOptions>(
    "hyperband",
    AXES,
    options,
  );
  const learners = Array.from({ length: rungs }, (_, at) => createHalving({ eta, rungs: rungs - at }));
  const change = (state: HyperbandState, own: HalvingState): HyperbandState => ({
    ...state,
    brackets: state.brackets.with(state.at, own),
  });

  function init(problem: Problem): HyperbandState {
    const budget = scaleCost(problem.budget, 1 / rungs);
    const rng = createRng(problem.seed).fork("hyperband");
    const brackets = learners.map((learner, at) =>
      learner.init({ ...problem, budget, seed: at ? rng.fork(at).int(2 ** 31) : problem.seed }),
    );
    return { problem, brackets, at: 0 };
  }

  function ask(state: HyperbandState): readonly [Request, HyperbandState] {
    const [request, own] = learners[state.at]!.ask(state.brackets[state.at]!);
    const asked = change(state, own);
    if (request.kind !== "done") return [outward(state.at, request), asked];
    if (state.at + 1 < rungs) return ask({ ...asked, at: state.at + 1 });
    const nothing = state.brackets.every(({ entries }) => entries.every(({ loss }) => loss === null));
    const poor = state.brackets.every(({ ladder }) => ladder === null);
    const why = poor
      ? `the budget of ${Math.round(imagesSeen(state.problem.budget))} images does not pay for any bracket`
      : "every trial failed";
    const lost = (nothing && state.brackets.some(({ entries }) => entries.length > 0)) || poor;
    return [{ kind: "done", ok: !lost, ...(lost && { why }) }, asked];
  }

  const tell = (state: HyperbandState, answer: Answer): HyperbandState =>
    change(
      state,
      learners[state.at]!.tell(state.brackets[state.at]!, {
        ...answer,
        id: answer.id.slice(answer.id.indexOf("/") + 1),
      }),
    );

  /** Of the brackets' winners, the one that beats its own base by the largest share. */
  function best({ problem, brackets }: HyperbandState): Fragment {
    const winners = brackets.flatMap((bracket) => winnerOf(bracket) ?? []);
    return winners.sort((a, b) => b.gain - a.gain)[0]?.policy ?? problem.base;
  }

  return { name: "hyperband", claims: () => true, init, ask, tell, best };
}
