import { stripVTControlCharacters } from "node:util";
import type { RegimenEvent, Running } from "@regimen/core";
import { describe, expect, it } from "vitest";
import { Console } from "../src/display/console.ts";
import { follow } from "../src/display/follow.ts";
import { about, bar, clock, middle, painter, wrap } from "../src/display/style.ts";
import type { Io } from "../src/index.ts";
import { Text } from "./fake.ts";

const score = { error: 0.31, loss: 0.9, ece: null };
const trying = (...names: string[]) => ({
  steps: names.map((name) => ({ use: `@regimen/technique-${name}`, with: {} })),
});
const EVENTS: readonly RegimenEvent[] = [
  { kind: "stage", stage: "baseline", message: "plain baseline", secondsLeft: 100 },
  { kind: "progress", training: "baseline", images: 640, of: 1000, imagesPerSecond: 312.4, secondsLeft: 71 },
  {
    kind: "epoch",
    training: "baseline",
    epoch: 3,
    epochs: 120,
    logs: { loss: 1.2345, val_loss: 1.3456 },
    secondsLeft: 36_000,
  },
  { kind: "progress", training: "baseline", images: 900, of: 1000, imagesPerSecond: 300, secondsLeft: 10 },
  { kind: "stage", stage: "search", message: "searching with halving", secondsLeft: 50 },
  { kind: "progress", training: "trial/0/1", images: 100, of: 1000, imagesPerSecond: 300, secondsLeft: null },
  { kind: "trial", name: "amber-kestrel-furnace", policy: trying(), done: 1, score, status: "ok", secondsLeft: 40 },
  {
    kind: "trial",
    name: "wild-bittern-lagoon",
    policy: trying("augment/mirror", "mixup"),
    done: 2,
    score: { ...score, loss: 1.1 },
    status: "ok",
    secondsLeft: 40,
  },
  {
    kind: "trial",
    name: "smooth-merlin-orchard",
    policy: trying("augment/mirror", "augment/translate", "randaugment", "weight-decay"),
    done: 3,
    score: null,
    status: "over-budget",
    secondsLeft: 40,
  },
  ...[
    { steps: ["augment/mirror", "augment/translate", "randaugment", "weight-decay"], loss: 0.8 },
    { steps: ["augment/mirror", "augment/translate", "randaugment", "fixmatch"], loss: 0.85 },
    { steps: ["augment/mirror", "augment/translate", "randaugment", "weight-decay"], loss: 0.82 },
  ].map(({ steps, loss }, at) => ({
    kind: "trial" as const,
    name: "late-heron-basin",
    policy: trying(...steps),
    done: 4 + at,
    score: { ...score, loss },
    status: "ok" as const,
    secondsLeft: 40,
  })),
];

async function shown(isTTY: boolean, env: Io["env"] = {}): Promise<string> {
  const stderr = Object.assign(new Text(), { isTTY, columns: 80, rows: 24 });
  const io = { stdout: new Text(), stderr, env } as unknown as Io;
  const running: Running<number> = {
    then: (fulfilled, rejected) => Promise.resolve(3).then(fulfilled, rejected),
    async *[Symbol.asyncIterator]() {
      yield* EVENTS;
    },
  };
  const console = new Console(io, { json: false, quiet: false });
  expect(await follow(running, console)).toBe(3);
  console.done();
  return stderr.text;
}

describe("progress", () => {
  it("lives on a terminal, within 80 columns", async () => {
    const text = await shown(true);
    expect(text).toContain("\u001b[");
    const lines = stripVTControlCharacters(text).split("\n");
    expect(lines.filter((line) => line.length >= 80)).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/baseline +█+░+ +64 % +312 images\/s +1:11 left/));
    expect(lines).toContainEqual(expect.stringMatching(/64 % +3\/120 +loss 1.234 +val 1.346 +10:00:00 left/));
    expect(lines).toContainEqual(expect.stringMatching(/trial 1 +█+░+ +10 %/));
  });

  it("has no colour with NO_COLOR", async () => {
    // eslint-disable-next-line no-control-regex -- colours are what is looked for
    expect(await shown(true, { NO_COLOR: "1" })).not.toMatch(/\u001b\[(1|2|3\d)m/);
  });

  it("is plain elsewhere: no control characters, and bars only now and then", async () => {
    const text = await shown(false);
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("█");
    expect(text).toMatch(/● no techniques +loss +0.9000 +error 31.0 % +best so far\n/);
    expect(text).toMatch(/○ mirror, mixup +loss +1.1000 +error 31.0 %\n/);
    expect(text).toMatch(/✕ mirror, translate \+2 +no score +over-budget\n/);
    expect(text).toMatch(/● mirror, translate \+2 +loss +0.8000 .* best so far\n/);
    expect(text).toMatch(/○ best \+ fixmatch − weight-decay +loss +0.8500/);
    expect(text).toMatch(/○ best, set otherwise +loss +0.8200/);
  });
});

describe("words", () => {
  it("of time", () => {
    expect([7, 754, 3723].map(clock)).toEqual(["0:07", "12:34", "1:02:03"]);
    expect([0.2, 40, 170, 4800, 7200].map(about)).toEqual([
      "about 1 s",
      "about 40 s",
      "about 3 min",
      "about 80 min",
      "about 2 h",
    ]);
  });
  it("cut and wrapped", () => {
    expect(middle("abcdefghij", 5)).toBe("ab…ij");
    expect(bar(0.5, 4)).toBe("██░░");
    expect(bar(7, 4)).toBe("████");
    expect(wrap("  one two three", 9, 4)).toEqual(["  one two", "    three"]);
  });
  it("painted only where a person looks on", () => {
    const tty = Object.assign(new Text(), { isTTY: true });
    expect(painter(tty, {})("red", "a")).toBe("\u001b[31ma\u001b[39m");
    expect(painter(tty, { NO_COLOR: "1" })("red", "a")).toBe("a");
    expect(painter(new Text(), {})("red", "a")).toBe("a");
  });
});
