import { RegimenError, type Change, type Predictor, type Score, type Train, type Trained } from "@regimen/core";
import { describe, expect, it } from "vitest";
import { inPhases } from "../src/index.ts";

/** Trainings that only say how they ended: `score` by name, "NaN" for a loss that is none. */
function world(score: (name: string) => Score | "NaN" | undefined) {
  const asked: Change[] = [];
  const open = new Set<string>();
  const next: Train = async (change) => {
    asked.push(change);
    const found = score(change.name) ?? { error: 0.5, loss: 1, ece: 0 };
    if (found === "NaN") throw new RegimenError("REG_LOSS_NAN", "the loss became NaN");
    open.add(change.name);
    const model = { dispose: () => void open.delete(change.name) } as unknown as Predictor;
    return { model, score: found, snapshot: { id: change.name }, cost: { trained: 0, inferred: 0, seconds: 0 } };
  };
  return { asked, open, next };
}
const ofLoss = (loss: number, error = 0.5): Score => ({ error, loss, ece: 0 });
const semi = async (): Promise<Partial<Change>> => ({ cost: 2 });
const spans = (asked: readonly Change[]) =>
  asked.map(({ name, span }) => [name, ...span!.map((share) => Math.round(1000 * share) / 1000)]);
const images = (asked: readonly Change[]): number => asked.reduce((sum, { span }) => sum + span![1] - span![0], 0);

/** A first phase that goes on improving. */
const improving = (name: string): Score | undefined =>
  name.startsWith("supervised") ? ofLoss(0.9 ** Number(name.at(-1))) : undefined;

describe("inPhases", () => {
  it("trains supervised, then semi-supervised, each part from the one before, and spends the plan", async () => {
    const { asked, open, next } = world(improving);
    const trained = await inPhases(next, 0.4, semi);
    expect(spans(asked)).toEqual([
      ["supervised-0", 0, 0.1],
      ["supervised-1", 0.1, 0.2],
      ["supervised-2", 0.2, 0.3],
      ["supervised-3", 0.3, 0.4],
      ["semi-0", 0.4, 0.55],
      ["semi-1", 0.55, 0.7],
      ["semi-2", 0.7, 0.85],
      ["semi-3", 0.85, 1],
    ]);
    expect(asked.slice(1).map(({ from }) => from!.id)).toEqual(asked.slice(0, -1).map(({ name }) => name));
    expect(asked.map(({ cost }) => cost ?? 1)).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
    expect(trained.snapshot!.id).toBe("semi-3");
    expect([...open]).toEqual(["semi-3"]);
  });

  it("begins the second phase as soon as validation settles", async () => {
    const { asked, next } = world((name) => (name === "supervised-1" ? ofLoss(0.99) : undefined));
    const begins: number[] = [];
    await inPhases(next, 0.4, async (begin, { snapshot }) => {
      begins.push(begin);
      expect(snapshot!.id).toBe("supervised-1");
      return {};
    });
    expect(begins).toEqual([0.2]);
    expect(spans(asked).slice(1, 4)).toEqual([
      ["supervised-1", 0.1, 0.2],
      ["semi-0", 0.2, 0.4],
      ["semi-1", 0.4, 0.6],
    ]);
    expect(images(asked)).toBeCloseTo(1, 9);
  });

  it.each([
    ["a validation loss that doubles with the error", ofLoss(2.1, 0.7)],
    ["a loss that is no number", "NaN"],
  ] as const)("after %s goes back, and ends supervised with the images that are left", async (_, end) => {
    const { asked, open, next } = world((name) => (name === "semi-1" ? end : undefined));
    const trained = await inPhases(next, 0.4, semi);
    const last = asked.at(-1)!;
    expect(spans(asked).slice(-3)).toEqual([
      ["semi-0", 0.2, 0.4],
      ["semi-1", 0.4, 0.6],
      ["reverted", 0.6, 1],
    ]);
    expect(last.from!.id).toBe("semi-0");
    expect(last.cost).toBeUndefined();
    expect(trained.snapshot!.id).toBe("reverted");
    expect([...open]).toEqual(["reverted"]);
    expect(images(asked)).toBeCloseTo(1, 9);
  });

  it("gives what was before where the last part diverges", async () => {
    const { asked, open, next } = world((name) => (name === "semi-3" ? "NaN" : undefined));
    const trained: Trained = await inPhases(next, 0.4, semi);
    expect(asked.at(-1)!.name).toBe("semi-3");
    expect(trained.snapshot!.id).toBe("semi-2");
    expect([...open]).toEqual(["semi-2"]);
  });

  it("does not go back for a loss that rises while the error falls", async () => {
    const { asked, next } = world((name) => (name === "semi-1" ? ofLoss(2.1, 0.4) : undefined));
    await inPhases(next, 0.4, semi);
    expect(asked.some(({ name }) => name === "reverted")).toBe(false);
  });

  it("raises what else goes wrong, and leaves no model behind", async () => {
    const { open, next } = world((name) => (name === "supervised-0" ? undefined : "NaN"));
    await expect(inPhases(next, 0.4, semi)).rejects.toThrow("REG_LOSS_NAN");
    expect([...open]).toEqual([]);
    const later = world(() => undefined);
    await expect(inPhases(later.next, 0.4, () => Promise.reject(new Error("the disk is full")))).rejects.toThrow(
      "disk",
    );
    expect([...later.open]).toEqual([]);
  });
});
