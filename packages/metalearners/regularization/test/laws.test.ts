import type { Fragment, Json, TechniqueMeta } from "@regimen/core";
import { madeUpProblem, metalearnerLaws, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import regularization from "@regimen/metalearner-regularization";

const trunk = { name: "/trunk", images: 90_000 };
const problem = {
  ...madeUpProblem,
  facts: { ...madeUpProblem.facts, trunk: trunk.name, trunkImages: trunk.images, validation: 500, batchSize: 125 },
};
const kept = { [trunk.name]: [{ policy: madeUpProblem.base, images: trunk.images }] };
const measures = { "@regimen/metalearner-regularization/probe": () => ({ probed: [] }) };

metalearnerLaws(() => regularization(), { describe, it });
describe("from a trunk", () => metalearnerLaws(() => regularization(), { describe, it }, { problem, kept, measures }));
packageLaws(new URL("..", import.meta.url), { describe, it });

describe("forks", () => {
  const [PLAIN, FORK] = [madeUpProblem.plain.trained, 1 / 20];
  const meta = (name: string, slot: TechniqueMeta["order"]["slot"], prior: number): TechniqueMeta => ({
    name,
    version: "1.0.0",
    group: "regularization",
    paper: "made up",
    prior,
    space: { m: { kind: "m", range: [0, 1], default: 0.5, off: 0 } },
    order: { slot },
  });
  const techniques = [
    meta("own/decay", "update", 0.6),
    { ...meta("own/draw", "space", 0.6), group: "augmentation-policy" },
    meta("own/lift", "space", 0.8),
    meta("own/move", "space", 0.6),
    meta("own/blend", "mix", 0.5),
    meta("own/rare", "label", 0.3),
  ].map((one) =>
    one.order.slot === "space" && one.group === "regularization" ? { ...one, group: "augmentation" } : one,
  );
  const start = { plainEpochs: 18, plainHorizon: 30 };
  const play = (
    worth: Readonly<Record<string, number>>,
    forks = 40,
    warm: readonly string[] = [],
    probed: readonly object[] = [],
  ) =>
    simulate(
      regularization({ share: 1 }),
      ({ steps }) => steps.reduce((loss, { use }) => loss * (1 - (worth[use] ?? 0)), 1),
      {
        problem: {
          ...problem,
          techniques,
          warm: [{ steps: warm.map((use) => ({ use, with: { m: 0.5 } })) }],
          base: { steps: [] },
          fixed: {},
          facts: { ...problem.facts, validation: probed.length ? 225 : 0, start },
          budget: { trained: (forks + 0.1) * PLAIN * FORK, inferred: 0, seconds: 0 },
        },
        kept,
        measures: { "@regimen/metalearner-regularization/probe": () => ({ probed }) as unknown as Json },
        validation: 0,
      },
    );
  const names = ({ best }: ReturnType<typeof play>): string[] => best.steps.map(({ use }) => use.slice(4)).sort();
  const trials = ({ requests }: ReturnType<typeof play>) => requests.filter(({ kind }) => kind === "trial").length;

  const ALL_USUAL = ["decay", "draw", "lift", "move"];

  it("put one usual move onto the other where none holds back, and go on from the trunk's training", () => {
    const played = play({});
    expect(names(played)).toEqual([...ALL_USUAL, "blend"].sort());
    expect(played.best.train).toEqual(start);
    // The base; the movements; a draw; a blend; what is not usual. What no fork can judge is taken without one.
    expect(trials(played)).toBe(5);
  });

  it("give a usual move the benefit of the doubt, and no more than that", () => {
    // 30 epochs of a plain run: 4.8 % of the loss, and 2 % for chance.
    expect(names(play({ "own/lift": -0.03, "own/move": -0.03, "own/blend": -0.01 }))).toEqual(ALL_USUAL);
    // Together the movements cost too much; one of them does not.
    expect(names(play({ "own/lift": -0.02, "own/move": -0.12, "own/blend": -0.01 }))).toEqual([
      "decay",
      "draw",
      "lift",
    ]);
    // Nobody looks at what it does to a fork.
    expect(names(play({ "own/decay": -0.1, "own/blend": -0.01 }))).toEqual(ALL_USUAL);
  });

  it("take movements that the images show by themselves, whatever they cost, and doubt what they do not show", () => {
    const none = { images: 300, loss: 1, riseError: 0, shift: 0, flip: null, right: [100, 100] };
    const probed = [
      { use: "own/lift", with: { m: 0.5 }, ...none, rise: 0.02, kept: 0.98 },
      { use: "own/move", with: { m: 0.5 }, ...none, rise: 0.9, kept: 0.6 },
    ];
    const worth = { "own/lift": -0.4, "own/move": -0.01, "own/blend": -0.01 };
    expect(names(play(worth, 40, [], probed))).toEqual(["decay", "draw", "lift"]);
    expect(names(play({ ...worth, "own/move": 0.01 }, 40, [], probed))).toEqual(["decay", "draw", "lift", "move"]);
    expect(names(play(worth))).toEqual(["decay", "draw", "move"]);
  });

  it("give a draw among transforms more of it", () => {
    expect(names(play({ "own/draw": -0.45, "own/blend": -0.01 }))).toEqual(ALL_USUAL);
    expect(names(play({ "own/draw": -0.55, "own/blend": -0.01 }))).toEqual(["decay", "lift", "move"]);
    // Half more than the base's, and no more than double what was taken before.
    expect(names(play({ "own/lift": 0.4, "own/draw": -0.95, "own/blend": -0.01 }))).toEqual(ALL_USUAL);
    expect(names(play({ "own/lift": 0.6, "own/draw": -1.05, "own/blend": -0.01 }))).toEqual(["decay", "lift", "move"]);
  });

  it("take what is not usual only if it wins by more than chance gives", () => {
    expect(names(play({ "own/blend": -0.01, "own/rare": 0.04 }))).toEqual(ALL_USUAL);
    expect(names(play({ "own/blend": -0.01, "own/rare": 0.08 }))).toEqual([...ALL_USUAL, "rare"]);
  });

  it("try what was good elsewhere at once, without what is not known here", () => {
    const warm = ["own/blend", "own/rare", "own/unknown"];
    // The base and one fork more; weight decay is usual, and taken unseen.
    expect(names(play({}, 2))).toEqual(["decay", "lift", "move"]);
    expect(names(play({}, 2, warm))).toEqual(["blend", "rare"]);
  });

  it("take no part of a move unseen that was turned down", () => {
    const worth = { "own/lift": -0.02, "own/move": -0.12, "own/blend": -0.01 };
    // The base and both movements together, which cost too much; then the images end.
    expect(names(play(worth, 2))).toEqual(["decay"]);
  });

  it("have a best too where the budget ends in the middle", () => {
    const played = play({}, 3);
    expect(trials(played)).toBe(3);
    expect(names(played)).toEqual(["decay", "draw", "lift", "move"]);
  });

  it("are not made where they would be too short to tell: what is usual is taken unseen", () => {
    const learner = regularization();
    const facts = { ...problem.facts, batchSize: 512, start };
    const [request, state] = learner.ask(
      learner.init({ ...problem, techniques, base: { steps: [] }, fixed: {}, facts }),
    );
    const why = "a fork would have fewer than 20 steps, so nothing was tried and what is usual was taken";
    expect(request).toEqual({ kind: "done", ok: true, why });
    const best = learner.best(state);
    // The draw, which has small changes only, and no movement beside it; from the beginning, since nobody trained a trunk.
    const names = (of: Fragment): string[] => of.steps.map(({ use }) => use.slice(4)).sort();
    expect(names(best)).toEqual(["decay", "draw"]);
    expect(best.train).toEqual({});
    const others = techniques.filter(({ name }) => name !== "own/draw");
    const [, without] = learner.ask(
      learner.init({ ...problem, techniques: others, base: { steps: [] }, fixed: {}, facts }),
    );
    expect(names(learner.best(without))).toEqual(["decay", "lift", "move"]);
  });
});
