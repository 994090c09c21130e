import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { RegimenError, type Workbench, type Work } from "@regimen/contracts";
import { Pace, errorOf, failureOf, lostOf, refuse, serveParent } from "@regimen/executors";

const work: Work = {
  request: { kind: "trial", id: "a", policy: { steps: [] }, until: 100, seed: 1 },
  left: 9,
  seed: 1,
};
const done = {
  answer: { id: "a", status: "ok", cost: { trained: 100, inferred: 0, seconds: 2 } },
  trial: null,
} as const;

describe("a worker's identity", () => {
  it("may have its keys in any order, and else must be the run's", () => {
    refuse({ engine: "1", plugins: { a: "1", b: "2" } }, { plugins: { b: "2", a: "1" }, engine: "1" });
    const other = () =>
      refuse({ data: "aaa", plugins: { a: "1", b: "2" } }, { data: "bbb", plugins: { a: "1", c: "3" } });
    expect(other).toThrow(/REG_WORKER_MISMATCH.*data: aaa, here bbb; plugins: b 2, here none, c none, here 3/);
    expect(() => refuse({ images: [1, 2] }, { images: [2, 1] })).toThrow("REG_WORKER_MISMATCH");
  });
});

describe("an error on its way", () => {
  it("keeps its code and its sentence", () => {
    const sent = JSON.parse(JSON.stringify(failureOf(new RegimenError("REG_DISK", "the disk is full"))));
    expect(errorOf(sent)).toEqual(new RegimenError("REG_DISK", "the disk is full"));
    expect(errorOf(sent)).toMatchObject({ code: "REG_DISK", input: false });
    const abort = errorOf(failureOf(new DOMException("stopped", "AbortError")));
    expect(abort).toMatchObject({ name: "AbortError", message: "stopped" });
    expect(failureOf("text")).toEqual({ name: "Error", code: null, message: "text" });
  });
  it("of a lost request is a failed answer, of a measure without a trial", () => {
    expect(lostOf(work, "gone")).toMatchObject({
      answer: { status: "failed", why: "REG_WORKER_LOST: gone" },
      trial: { losses: [] },
    });
    const measure = {
      kind: "measure",
      id: "m",
      use: "x",
      with: null,
      policy: { steps: [] },
      atMost: done.answer.cost,
    } as const;
    expect(lostOf({ ...work, request: measure }, "gone").trial).toBeNull();
  });
});

describe("the pace", () => {
  it("is that of the slowest so far, and there is a least", () => {
    const pace = new Pace({ times: 10, least: 5, first: 99 });
    expect(pace.limit(work)).toBe(99);
    pace.learn(done);
    expect(pace.limit(work)).toBeCloseTo(10 * 0.02 * 100);
    pace.learn({ ...done, answer: { ...done.answer, cost: { ...done.answer.cost, seconds: 0.1 } } });
    expect(pace.limit(work)).toBeCloseTo(20);
    expect(new Pace({ least: 500, times: 1, first: 1 }).limit(work)).toBe(1);
  });
});

describe("a worker process's side", () => {
  const parent = (): NodeJS.Process & { said: unknown[] } =>
    Object.assign(new EventEmitter(), { said: [] as unknown[] }) as unknown as NodeJS.Process & { said: unknown[] };
  const serve = (bench: Workbench) => {
    const to = parent();
    to.send = ((message: unknown) => to.said.push(message)) as unknown as NonNullable<NodeJS.Process["send"]>;
    return { to, gone: serveParent(async () => bench, to) };
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

  it("opens, works, fails and ends as its parent says", async () => {
    const bench: Workbench = {
      identity: { engine: "1" },
      work: async ({ request }) => {
        if (request.id === "bad") throw new RegimenError("REG_DISK", "full");
        return done;
      },
    };
    const { to, gone } = serve(bench);
    const messages = [
      { kind: "begin", identity: { engine: "1" } },
      { kind: "work", work },
      { kind: "work", work: { ...work, request: { ...work.request, id: "bad" } } },
    ];
    for (const message of messages) {
      to.emit("message", message, undefined);
      await turn();
    }
    expect(to.said).toEqual([
      { kind: "ready" },
      { kind: "done", id: "a", done },
      { kind: "failed", id: "bad", failure: expect.objectContaining({ code: "REG_DISK" }) },
    ]);
    to.emit("disconnect");
    await gone;
  });

  it("refuses another's run", async () => {
    const { to } = serve({ identity: { engine: "1" }, work: async () => done });
    to.emit("message", { kind: "begin", identity: { engine: "2" } }, undefined);
    await turn();
    expect(to.said).toMatchObject([{ kind: "refused", failure: { code: "REG_WORKER_MISMATCH" } }]);
  });
});
