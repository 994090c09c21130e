// Runs that are stopped, resumed with the wrong things, or find no room on the disk.
import fs from "node:fs";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JobOptions, Technique } from "@regimen/core";
import {
  collect,
  epochs,
  fit,
  job,
  regimenWith,
  script,
  technique,
  trial,
  uses,
  type Seen,
  spy,
} from "./support/jobs.ts";
import { samples } from "./support/world.ts";

/** Lets so many writes pass; those after them find the disk full. Returns what makes room again. */
function fillDisk(left: number): () => void {
  const real = { write: fs.write, writeSync: fs.writeSync, appendFileSync: fs.appendFileSync };
  const full = (): Error | undefined =>
    left-- > 0 ? undefined : Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  type Any = (...all: unknown[]) => unknown;
  const sync =
    (of: Any): Any =>
    (...all) => {
      const error = full();
      if (error) throw error;
      return of(...all);
    };
  const later: Any = (...all) => {
    const error = full();
    return error ? (all.at(-1) as (error: Error) => void)(error) : (real.write as Any)(...all);
  };
  const patch = (by: object): void => {
    Object.assign(fs, by);
    syncBuiltinESMExports();
  };
  patch({ write: later, writeSync: sync(real.writeSync as Any), appendFileSync: sync(real.appendFileSync as Any) });
  return () => patch(real);
}
let room: () => void = () => undefined;

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-resume-"));
  out = join(folder, "run");
});
afterEach(() => {
  room();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});
const aborted = expect.objectContaining({ name: "AbortError" });

/** Stops after so many steps, wherever that is. */
const stopping = (stop: AbortController, after: number): Technique => {
  let steps = 0;
  return technique({
    name: "test-stop",
    order: { slot: "label" },
    create: () => ({
      batch: (batch) => {
        if (++steps === after) stop.abort();
        return batch;
      },
    }),
  });
};
const noisy = uses(["test-noise", { m: 0.1, rr: 0.5 }], "test-stop", "test-spy");

describe("an abort", () => {
  it("in the middle of an epoch loses not one step, and the resumed run is the undisturbed one, to the bit", async () => {
    const whole = await fit(await regimenWith(stopping(new AbortController(), 0), spy([])), { policy: noisy });
    const seen: Seen[] = [];
    for (const after of [7, 6, 5]) {
      const stop = new AbortController();
      const regimen = await regimenWith(stopping(stop, after), spy(seen));
      const resume = existsSync(out);
      await expect(fit(regimen, { policy: noisy, out, signal: stop.signal, resume })).rejects.toThrow(aborted);
    }
    const result = await fit(await regimenWith(stopping(new AbortController(), 0), spy(seen)), {
      policy: noisy,
      out,
      resume: true,
    });
    expect(seen.map(({ steps }) => steps)).toEqual([7, 6, 5, 2]);
    expect(result.weights).toEqual(whole.weights);
    expect(result.validation).toEqual(whole.validation);
    expect({ ...result.cost, seconds: 0 }).toEqual({ ...whole.cost, seconds: 0 });
    // The curve is that of whole epochs, though three sittings made it.
    const last = epochs(result.events).at(-1)!;
    const { logs } = epochs(whole.events).at(-1)!;
    expect(last.epoch).toBe(2);
    for (const [name, value] of Object.entries(logs)) expect(last.logs[name]).toBeCloseTo(value, 5);
    expect(readdirSync(out).sort()).toEqual([
      "events",
      "journal.jsonl",
      "model",
      "policy.json",
      "run.json",
      "splits.csv",
      "status.json",
    ]);
  });

  it("before anything is begun, and of a run without a folder, is an abort like any other", async () => {
    const signal = AbortSignal.abort();
    const before = tf.memory().numTensors;
    await expect(fit(await regimenWith(), { out, signal })).rejects.toThrow(aborted);
    await expect(fit(await regimenWith(), { signal })).rejects.toThrow(aborted);
    expect(tf.memory().numTensors).toBe(before);
    const plain = await fit(await regimenWith(), {});
    expect((await fit(await regimenWith(), { out, resume: true })).weights).toEqual(plain.weights);
  });

  it("of a search keeps its finished trials, and the rest of a half-finished one", async () => {
    const requests = [
      trial("a", { until: 200, keep: "a" }),
      trial("b", { policy: noisy, from: "a" }),
      trial("c", { policy: noisy }),
    ];
    const options = () => ({ ...job(), metalearner: script(requests), search: { budget: 4 } });
    const whole = await (await regimenWith(stopping(new AbortController(), 0), spy([]))).search(options());
    const seen: Seen[] = [];
    for (const after of [4, 10]) {
      const stop = new AbortController();
      const regimen = await regimenWith(stopping(stop, after), spy(seen));
      await expect(regimen.search({ ...options(), out, signal: stop.signal, resume: existsSync(out) })).rejects.toThrow(
        aborted,
      );
    }
    const result = await (
      await regimenWith(stopping(new AbortController(), 0), spy(seen))
    ).search({ ...options(), out, resume: true });
    // b has ten steps after its rung, c twenty.
    expect(seen.map(({ steps }) => steps)).toEqual([4, 6, 4, 16]);
    const timeless = <T>(value: T): T =>
      JSON.parse(JSON.stringify(value, (key, v: unknown) => (key === "seconds" ? 0 : v))) as T;
    expect(timeless(result.trials)).toEqual(timeless(whole.trials));
    expect(result.policy).toEqual(whole.policy);
    expect(JSON.parse(readFileSync(join(out, "policy.json"), "utf8"))).toEqual(whole.policy);
  });

  it("tells its events until it is heard, and then its error", async () => {
    const stop = new AbortController();
    const running = (await regimenWith(stopping(stop, 12), spy([]))).fit({
      ...job(),
      policy: noisy,
      signal: stop.signal,
    });
    await expect(collect(running)).rejects.toThrow(aborted);
    await expect(running).rejects.toThrow(aborted);
  });
});

describe("a clock", () => {
  it("that says a quarter of a minute has gone has the epoch's end written down", async () => {
    const real = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => 100_000 * real());
    const stop = new AbortController();
    const kept: string[][] = [];
    const looking = technique({
      name: "test-look",
      order: { slot: "label" },
      create: () => ({
        batch: (batch) => {
          kept.push(existsSync(join(out, "checkpoints")) ? readdirSync(join(out, "checkpoints")) : []);
          return batch;
        },
      }),
    });
    await fit(await regimenWith(looking), { policy: uses("test-look"), out, signal: stop.signal });
    expect(kept.slice(0, 10).every((files) => files.length === 0)).toBe(true);
    expect(kept.slice(10).every((files) => files.join() === "partial%2Ffinal.bin")).toBe(true);
  });
});

describe("a resumed run", () => {
  async function stopped(options: Partial<JobOptions> = {}): Promise<void> {
    const stop = new AbortController();
    const policy = uses("test-stop");
    const running = fit(await regimenWith(stopping(stop, 12)), { policy, out, signal: stop.signal, ...options });
    await expect(running).rejects.toThrow(aborted);
  }
  const resumed = async (options: Partial<JobOptions> = {}, ...more: Technique[]) =>
    fit(await regimenWith(stopping(new AbortController(), 0), ...more), {
      policy: uses("test-stop"),
      out,
      resume: true,
      ...options,
    });

  it.each([
    ["other settings", { training: { ...job().training, epochs: 3 } }, "training"],
    ["another seed", { seed: 6 }, "seed"],
    ["other data", { data: { train: samples(220), validation: samples(60, 2) } }, "images"],
    ["another policy", { policy: uses("test-stop", "test-noise") }, "policy"],
    ["another architecture's settings", { model: { architecture: "tiny", with: { units: 5 } } }, "architecture"],
  ] as const)("with %s is REG_RUN_MISMATCH, which names them", async (_, options, word) => {
    await stopped();
    await expect(resumed(options as Partial<JobOptions>)).rejects.toThrow(
      new RegExp(`REG_RUN_MISMATCH.*\\(${word}\\)`),
    );
    expect((await resumed()).cost.trained).toBe(400);
  });

  it("with another plug-in's version, or another job, is REG_RUN_MISMATCH too", async () => {
    await stopped();
    const file = join(out, "run.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"test-plugin": "1.0.0"', '"test-plugin": "0.9.0"'));
    await expect(resumed()).rejects.toThrow(/REG_RUN_MISMATCH.*\(plugins\)/);
    const regimen = await regimenWith(stopping(new AbortController(), 0));
    const search = regimen.search({ ...job(), metalearner: script([]), out, resume: true });
    await expect(search).rejects.toThrow(/REG_RUN_MISMATCH.*job/);
  });

  it("whose metalearner asks for something else than it did is REG_RUN_MISMATCH", async () => {
    const stop = new AbortController();
    const search = async (until: number, more: Partial<JobOptions>, technique = stopping(new AbortController(), 0)) =>
      (await regimenWith(technique)).search({
        ...job(),
        metalearner: script([trial("a", { until }), trial("b", { policy: uses("test-stop") })]),
        search: { budget: 3 },
        out,
        ...more,
      });
    await expect(search(200, { signal: stop.signal }, stopping(stop, 3))).rejects.toThrow(aborted);
    await expect(search(100, { resume: true })).rejects.toThrow(/REG_RUN_MISMATCH.*"a"/);
    expect((await search(200, { resume: true })).trials).toHaveLength(2);
  });

  it("that is finished is REG_RUN_FINISHED; one that is there without resume, REG_RUN_EXISTS; none at all, REG_RUN_MISSING", async () => {
    await expect(resumed()).rejects.toThrow(/REG_RUN_MISSING/);
    expect(existsSync(out)).toBe(false);
    await stopped();
    await expect(resumed({ resume: false })).rejects.toThrow(/REG_RUN_EXISTS.*regimen resume/);
    await resumed();
    await expect(resumed()).rejects.toThrow(/REG_RUN_FINISHED.*regimen report/);
    mkdirSync(join(folder, "empty"));
    await expect(resumed({ out: join(folder, "empty") })).rejects.toThrow("REG_RUN_MISSING");
    await expect(resumed({ out: join(folder, "empty"), resume: false })).rejects.toThrow("REG_RUN_EXISTS");
  });

  it("drops a journal's last line that was cut short, and refuses a damaged one before it", async () => {
    const search = async (more: Partial<JobOptions>, technique = stopping(new AbortController(), 0)) =>
      (await regimenWith(technique)).search({
        ...job(),
        metalearner: script([
          trial("a", { until: 100 }),
          trial("c", { until: 60 }),
          trial("b", { policy: uses("test-stop") }),
        ]),
        search: { budget: 3 },
        out,
        ...more,
      });
    const stop = new AbortController();
    await expect(search({ signal: stop.signal }, stopping(stop, 3))).rejects.toThrow(aborted);
    const file = join(out, "journal.jsonl");
    const text = readFileSync(file, "utf8");
    expect(text.trimEnd().split("\n")).toHaveLength(2);
    appendFileSync(file, '{"kind":"trial","id":"b","value":{"score":{"lo');
    const cut = readFileSync(file, "utf8");
    writeFileSync(file, cut.replace('"kind":"trial"', '"kind":"tri'));
    await expect(search({ resume: true })).rejects.toThrow(/REG_JOURNAL.*line 1 of/);
    writeFileSync(file, cut);
    expect((await search({ resume: true })).trials.map(({ id, status }) => [id, status])).toEqual([
      ["a", "ok"],
      ["c", "ok"],
      ["b", "ok"],
    ]);
    expect(readFileSync(file, "utf8").startsWith(text)).toBe(true);
  });
});

describe("a disk that is full", () => {
  it("is REG_DISK, whichever write finds it so, and the run goes on when there is room", async () => {
    const policy = uses(["test-noise", { m: 0.1, rr: 0.5 }]);
    const plain = await fit(await regimenWith(), { policy });
    let failures = 0;
    for (let left = 0; ; left++) {
      const resume = existsSync(join(out, "run.json"));
      if (!resume) rmSync(out, { recursive: true, force: true });
      room = fillDisk(left);
      const result = await fit(await regimenWith(), { policy, out, resume }).catch((error: unknown) => error);
      room();
      if (!(result instanceof Error)) {
        expect((result as typeof plain).weights).toEqual(plain.weights);
        break;
      }
      expect(result).toMatchObject({
        code: "REG_DISK",
        input: false,
        message: expect.stringMatching(/disk is full|no space left/),
      });
      failures++;
    }
    // run.json, splits.csv, the result, policy.json and the three files of the model, at the least.
    expect(failures).toBeGreaterThanOrEqual(5);
  });

  it("stops a search: a trial that could not be kept is no failed trial", async () => {
    const search = async (more: Partial<JobOptions> = {}) =>
      (await regimenWith()).search({
        ...job(),
        metalearner: script([trial("a", { until: 100 }), trial("b", { until: 100, keep: "b" })]),
        search: { budget: 3 },
        out,
        ...more,
      });
    room = fillDisk(6);
    await expect(search()).rejects.toThrow("REG_DISK");
    room();
    expect((await search({ resume: true })).trials.map(({ status }) => status)).toEqual(["ok", "ok"]);
  });
});
