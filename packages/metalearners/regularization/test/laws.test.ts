import type { TechniqueMeta } from "@regimen/core";
import { madeUpProblem, metalearnerLaws, packageLaws, simulate } from "@regimen/testkit";
import { describe, expect, it } from "vitest";
import regularization from "@regimen/metalearner-regularization";

const trunk = { name: "/trunk", images: 90_000 };
const problem = {
  ...madeUpProblem,
  facts: { ...madeUpProblem.facts, trunk: trunk.name, trunkImages: trunk.images, validation: 500 },
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
    meta("own/first", "mix", 0.7),
    meta("own/second", "mix", 0.6),
    meta("own/third", "label", 0.5),
    meta("own/rare", "label", 0.3),
  ];
  const start = { plainEpochs: 18, plainHorizon: 30 };
  const play = (worth: Readonly<Record<string, number>>, forks = 40, warm: readonly string[] = []) =>
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
          facts: { ...problem.facts, validation: 0, start },
          budget: { trained: (forks + 0.1) * PLAIN * FORK, inferred: 0, seconds: 0 },
        },
        kept,
        measures,
        validation: 0,
      },
    );
  const names = ({ best }: ReturnType<typeof play>): string[] => best.steps.map(({ use }) => use.slice(4)).sort();
  const trials = ({ requests }: ReturnType<typeof play>) => requests.filter(({ kind }) => kind === "trial").length;

  it("put together what helps, with what they cannot judge, and go on from the trunk's training", () => {
    const played = play({ "own/first": 0.1, "own/second": 0.08, "own/third": -0.2, "own/rare": -0.1 });
    expect(names(played)).toEqual(["decay", "first", "second"]);
    expect(played.best.train).toEqual(start);
  });

  it("give a usual move the benefit of the doubt, and no more than that", () => {
    // 30 epochs of a plain run: 7.5 % of the loss.
    expect(names(play({ "own/first": 0.1, "own/second": -0.06, "own/third": -0.1 }))).toEqual([
      "decay",
      "first",
      "second",
    ]);
    // A third would have to show what it is worth.
    expect(names(play({ "own/first": 0.1, "own/second": -0.06, "own/third": -0.02 }))).toEqual([
      "decay",
      "first",
      "third",
    ]);
  });

  it("take what is not usual only if it wins by more than chance gives", () => {
    const usual = { "own/first": 0.1, "own/second": -0.1, "own/third": -0.1 };
    expect(names(play({ ...usual, "own/rare": 0.02 }))).toEqual(["decay", "first"]);
    expect(names(play({ ...usual, "own/rare": 0.05 }))).toEqual(["decay", "first", "rare"]);
  });

  it("take nothing where nothing helps by more than chance gives", () => {
    const played = play({ "own/first": 0.02, "own/second": 0.01, "own/third": -0.1, "own/rare": 0.02 });
    expect(played.best.steps).toEqual([]);
    // What is given, and each move alone: pairs of what does not help are not tried.
    expect(trials(played)).toBe(5);
  });

  it("try what was good elsewhere at once, without what is not known here", () => {
    const worth = { "own/first": 0.1, "own/second": 0.09, "own/rare": 0.06 };
    const warm = ["own/first", "own/second", "own/rare", "own/unknown"];
    // The base, three usual moves, and no further fork is paid for.
    expect(names(play(worth, 4))).toEqual(["decay", "first"]);
    expect(names(play(worth, 5, warm))).toEqual(["decay", "first", "rare", "second"]);
  });

  it("have a winner too where the budget ends in the middle", () => {
    const played = play({ "own/first": 0.1, "own/second": 0.2 }, 3);
    expect(trials(played)).toBe(3);
    expect(names(played)).toEqual(["decay", "second"]);
  });
});
