// What pass 1 looks at: everything where the budget shows it to enough images, else what would be refused unseen.
import { describe, expect, it } from "vitest";
import {
  imagesSeen,
  shortName,
  type Fragment,
  type Json,
  type Measure,
  type Problem,
  type Source,
  type Table,
  type TechniqueMeta,
} from "@regimen/core";
import { createRegularization } from "@regimen/metalearner-regularization";
import { probe, type ProbeAnswer, type ProbeArgs } from "../src/probe.ts";

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
  const { candidates, images, looks } = request.with as unknown as ProbeArgs;
  const atMost = imagesSeen(request.atMost);
  // Everybody's look and the second one together.
  expect((images * (candidates.length + 2) + looks) / 3).toBeLessThanOrEqual(atMost);
  return { candidates: candidates.map(({ use }) => shortName(use)), images, atMost };
};

describe("pass 1", () => {
  it("looks at 200 candidates and more, within its share", () => {
    const { candidates, images, atMost } = asked(100_000)!;
    expect(candidates.length).toBeGreaterThanOrEqual(200);
    expect(new Set(candidates).size).toBe(techniques.length);
    expect(images).toBeGreaterThanOrEqual(24);
    expect(atMost).toBeLessThanOrEqual(12_000);
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

describe("the probe", () => {
  const CLASSES = 2;
  /** Images without pixels: class k at every other place. Rows are known by where they come from. */
  const images = (length: number, from = 0): Source =>
    ({
      length,
      classes: ["a", "b"],
      format: { h: 8, w: 8, c: 1 },
      labels: () =>
        Float32Array.from({ length: CLASSES * length }, (_, at) => Number(at % 2 === (from + (at >> 1)) % 2)),
      subset: (rows: readonly number[]) => {
        expect(rows).toEqual(Array.from({ length: rows.length }, (_, row) => row));
        return images(rows.length, from);
      },
    }) as unknown as Source;
  /** A model that is always right, and takes every mirrored or bleached image for one of class b. */
  const through = (policies: readonly Fragment[], on: Source): Promise<readonly Table[]> => {
    const labels = on.labels()!;
    const answers = (isMirrored: boolean): Float32Array =>
      isMirrored ? labels.map((_, at) => (at % 2 ? 0.9 : 0.1)) : labels.map((p) => 0.1 + 0.8 * p);
    return Promise.resolve(
      policies.map(({ steps }) => ({
        rows: on.length,
        columns: {
          features: { width: 1, values: new Float32Array(on.length) },
          probabilities: { width: CLASSES, values: answers(steps.some(({ use }) => use !== "blur")) },
        },
      })),
    );
  };
  const look = async (held: number, args: Partial<ProbeArgs>): Promise<ProbeAnswer> => {
    const run = {
      data: { validation: images(held), train: images(100) },
      through,
    } as unknown as Parameters<Measure>[0];
    const asking = {
      candidates: [
        { use: "mirror", with: {} },
        { use: "blur", with: {} },
      ],
      careful: ["mirror"],
      shift: null,
      ...args,
    };
    return (await probe(run, asking as unknown as Json)) as unknown as ProbeAnswer;
  };

  it("looks at known images too where few are held out, and only at what is suspicious", async () => {
    const { probed } = await look(12, { images: 8, further: 40, looks: 200 });
    const [mirror, blur] = probed;
    expect(blur).toMatchObject({ images: 8, heldOut: 8, flip: null, right: [4, 4] });
    expect(mirror).toMatchObject({ images: 40, heldOut: 12, kept: 0.5, right: [20, 20] });
    expect(mirror!.flip).toMatchObject({ from: 0, to: 1, flipped: 20, of: 20 });
  });

  it("looks at no more than it may", async () => {
    // The image as it is and the one candidate that is looked at again, with one look to spare for a shift: three each.
    expect((await look(12, { images: 8, further: 40, looks: 90 })).probed[0]).toMatchObject({
      images: 30,
      heldOut: 12,
    });
    expect((await look(12, { images: 8, further: 40, looks: 20 })).probed[0]).toMatchObject({ images: 8, heldOut: 8 });
    const bleach = [
      { use: "mirror", with: {} },
      { use: "bleach", with: {} },
    ];
    // Two thirds of the looks for what turns things, the rest for what only seems to.
    expect((await look(60, { candidates: bleach, images: 8, further: 60, looks: 90 })).probed).toMatchObject([
      { use: "mirror", images: 20 },
      { use: "bleach", images: 10 },
    ]);
    expect((await look(60, { images: 8, further: 60, looks: 1000 })).probed[0]).toMatchObject({
      images: 60,
      heldOut: 60,
    });
  });
});
