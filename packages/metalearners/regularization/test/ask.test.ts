// What pass 1 looks at: everything where the budget shows it to enough images, else what would be refused unseen.
import { describe, expect, it } from "vitest";
import { imagesSeen, shortName, type Problem, type TechniqueMeta } from "@regimen/core";
import { createRegularization } from "@regimen/metalearner-regularization";

const transform = (name: string, graded: boolean): TechniqueMeta => ({
  name: `@regimen/technique-augment/${name}`,
  version: "1.0.0",
  group: "augmentation",
  paper: "none",
  space: {
    ...(graded && { m: { kind: "m", range: [0, 1], default: 0.3, off: 0 } as const }),
    rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
  },
  order: { slot: "space" },
});
const techniques = [
  ...["mirror", "alternating-mirror", "flip-vertical", "rot90"].map((name) => transform(name, false)),
  ...["rotate", "blur", "hue"].map((name) => transform(name, true)),
];
/** A plain run of so many images, a twentieth of them held out. */
const problem = (trained: number, late?: string): Problem => ({
  techniques,
  train: {},
  base: { steps: [] },
  facts: { ...(late && { late }), trunk: "/trunk", trunkImages: 0.25 * trained, validation: trained / 20 },
  plain: { trained, inferred: 0, seconds: 0 },
  budget: { trained, inferred: 0, seconds: 0 },
  seed: 1,
});
const asked = (trained: number, late?: string) => {
  const learner = createRegularization();
  const [fork, state] = learner.ask(learner.init(problem(trained, late)));
  if (fork.kind !== "trial") throw new Error(`the first request is ${fork.kind}; expected the base's fork`);
  const { id, until, keep } = fork;
  const cost = { trained: until - 0.25 * trained, inferred: 0, seconds: 0 };
  const score = { loss: 1, calibrated: 1, error: 0.5, ece: 0 };
  const [request] = learner.ask(learner.tell(state, { id, status: "ok", cost, score }));
  if (request.kind !== "measure") return null;
  expect(request.from).toBe(late ?? keep);
  const { candidates, images } = request.with as unknown as { candidates: { use: string }[]; images: number };
  return { candidates: candidates.map(({ use }) => shortName(use)), images, atMost: imagesSeen(request.atMost) };
};

describe("pass 1", () => {
  it("looks at 200 candidates and more, within its share", () => {
    const { candidates, images, atMost } = asked(100_000)!;
    expect(candidates.length).toBeGreaterThanOrEqual(200);
    expect(new Set(candidates).size).toBe(techniques.length);
    expect(images).toBeGreaterThanOrEqual(24);
    expect(atMost).toBeLessThanOrEqual(8_000);
  });

  it("looks at mirrors and rotations alone where there is too little for all", () => {
    const { candidates, images } = asked(14_000)!;
    expect(new Set(candidates)).toEqual(new Set(["mirror", "alternating-mirror", "flip-vertical", "rot90", "rotate"]));
    expect(images).toBeGreaterThanOrEqual(24);
  });

  it("asks the baseline where there is one that has come further", () =>
    expect(asked(100_000, "/late")!.candidates.length).toBeGreaterThanOrEqual(200));

  it("asks nothing where there is too little for those", () => expect(asked(100)).toBeNull());
});
