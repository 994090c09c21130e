import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Evaluation, JobOptions, Plugin, Regimen, Source } from "@regimen/contracts";
import { RunFolder } from "@regimen/run-folder";
import { readEvents } from "@regimen/tensorboard";
import { decode } from "fast-png";

let folder: string;
let out: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-folder-"));
  out = join(folder, "run");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const backend = { name: "cpu", version: "4.22.0", device: "CPU" };
const registered = { plugins: [{ name: "p", version: "1.2.3" } as Plugin] } as unknown as Regimen["registered"];
const of = { backend, registered, engine: "0.1.0" };
const options = (more: Partial<JobOptions> = {}): JobOptions => ({ out, seed: 7, ...more }) as JobOptions;
const print = { job: "fit", seed: 7, training: { epochs: 3 } };
const begin = (more: Partial<JobOptions> = {}, fingerprint: typeof print = print) =>
  new RunFolder("fit", options(more), of, fingerprint);

describe("a run's events", () => {
  it("are scalars for TensorBoard: a folder a training, and the search", () => {
    const run = begin();
    const logs = { loss: 0.5, val_loss: 0.25 };
    for (const epoch of [1, 2])
      run.event({ kind: "epoch", training: "trial/3@1", epoch, epochs: 2, logs, secondsLeft: null });
    const score = { error: 0.5, loss: 1.5, ece: null };
    const policy = { steps: [] };
    run.event({ kind: "trial", name: "a-b-c", policy, done: 4, score, status: "ok", secondsLeft: null });
    run.event({ kind: "trial", name: "a-b-d", policy, done: 5, score: null, status: "failed", secondsLeft: null });
    const told = (name: string) => {
      const [file, ...more] = readdirSync(join(out, "events", name));
      expect(more).toEqual([]);
      return readEvents(readFileSync(join(out, "events", name, file!))).map(({ step, values }) => [step, values]);
    };
    const values = [
      { tag: "training/loss", scalar: 0.5 },
      { tag: "validation/loss", scalar: 0.25 },
    ];
    expect(told("trial-3-1")).toEqual([
      [1, values],
      [2, values],
    ]);
    expect(told("search")).toEqual([[4, [{ tag: "validation/loss", scalar: 1.5 }]]]);
  });
});

describe("a run's folder", () => {
  it("notes what the run is, once", () => {
    const { record, path } = begin({ config: { seed: 7 } });
    expect(path).toBe(out);
    expect(JSON.parse(readFileSync(join(out, "run.json"), "utf8"))).toEqual(record);
    expect(record).toMatchObject({
      format: 1,
      job: "fit",
      engine: "0.1.0",
      seed: 7,
      backend,
      plugins: { p: "1.2.3" },
      fingerprint: print,
      config: { seed: 7 },
    });
    expect(begin({ resume: true, config: null }).record).toEqual(record);
  });

  it("is nothing where none is wanted", () => {
    const { out: _none, ...rest } = options();
    const run = new RunFolder("fit", rest, of, print);
    run.json("policy.json", {});
    run.journal.add("trial", "a", 1);
    run.store.put("x", Uint8Array.of(1));
    run.finish();
    expect(run.path).toBeUndefined();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("must not be there, unless it is resumed; and then it must be there", () => {
    const expected = (more: Partial<JobOptions>) => () => RunFolder.expect(options(more));
    expected({})();
    expect(expected({ resume: true })).toThrow(/REG_RUN_MISSING.*run\.json/);
    mkdirSync(out);
    expect(expected({})).toThrow(/REG_RUN_EXISTS.*regimen resume .*--out /);
    expect(expected({ resume: true })).toThrow("REG_RUN_MISSING");
    begin();
    expected({ resume: true })();
  });

  it("goes on only with what it was begun with, and names the difference", () => {
    begin();
    expect(() => begin({ resume: true }, { ...print, training: { epochs: 4 } })).toThrow(
      /REG_RUN_MISMATCH.*\(training\)/,
    );
    expect(
      () => new RunFolder("fit", options({ resume: true }), { ...of, backend: { ...backend, name: "wasm" } }, print),
    ).toThrow(/REG_RUN_MISMATCH.*cpu.*wasm.*--backend cpu/);
    begin({ resume: true });
  });

  it("once finished keeps no checkpoints and is not gone on with", () => {
    const run = begin();
    run.store.put("partial/final", Uint8Array.of(1));
    expect(existsSync(join(out, "checkpoints"))).toBe(true);
    writeFileSync(join(out, "report.json.3589620162"), "cut sho");
    run.finish();
    expect(readdirSync(out).sort()).toEqual(["journal.jsonl", "run.json"]);
    expect(() => begin({ resume: true })).toThrow(/REG_RUN_FINISHED.*regimen report/);
  });

  it("says what is wrong with a run.json that a person has edited", () => {
    begin();
    writeFileSync(join(out, "run.json"), "{ ");
    expect(() => begin({ resume: true })).toThrow(/REG_RUN_MISSING.*run\.json/);
  });

  it("writes boxes as JSON lines, an image each, beside the table", () => {
    const run = begin();
    const none = { label: -1, predicted: -1, probabilities: [] };
    const predictions = [
      { id: "a.png", ...none, also: { found: 1 }, boxes: [{ at: [1, 2.00004, 30, 4], class: 1, score: 0.123456 }] },
      { id: 'b"b.png', ...none, also: { found: 0 }, boxes: [] },
    ];
    run.predictions({ predictions } as unknown as Evaluation, ["cat", "dog"]);
    const lines = readFileSync(join(out, "detections.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: "a.png", boxes: [{ box: [1, 2, 30, 4], class: "dog", score: 0.1235 }] },
      { id: 'b"b.png', boxes: [] },
    ]);
    expect(readFileSync(join(out, "predictions.csv"), "utf8")).toBe('id,found\na.png,1\n"b""b.png",0\n');
  });

  it("writes splits and predictions as tables, quoted where they must be", () => {
    const part = (...ids: string[]) => ({ length: ids.length, id: (row: number) => ids[row]! }) as Source;
    const run = begin();
    run.splits({
      train: part("a.png", 'say "hi", twice.png'),
      validation: part("b.png"),
      test: part("line\nbreak.png"),
    });
    expect(readFileSync(join(out, "splits.csv"), "utf8")).toBe(
      'id,split\na.png,train\n"say ""hi"", twice.png",train\nb.png,validation\n"line\nbreak.png",test\n',
    );
    const predictions = [
      { id: "a.png", label: 1, predicted: 0, probabilities: [0.75, 0.25] },
      { id: "b.png", label: -1, predicted: 1, probabilities: [0, 1] },
    ];
    run.predictions({ predictions } as unknown as Evaluation, ["cat", "dog, big"]);
    expect(readFileSync(join(out, "predictions.csv"), "utf8")).toBe(
      'id,label,predicted,p_cat,"p_dog, big"\na.png,"dog, big",cat,0.75,0.25\nb.png,,"dog, big",0,1\n',
    );
  });
});

describe("what a run shows", () => {
  const format = { h: 2, w: 1, c: 1, range: [-1, 1] } as const;
  it("is a sheet, so many pictures to a row, and what is known of them", () => {
    const images = Float32Array.of(-1, 1, 0, 0, 1, -1);
    begin().show("final/@x/made", { images, format, columns: 2 }, { kept: false });
    const png = decode(readFileSync(join(out, "shown", "final-x-made.png")));
    expect([png.width, png.height, png.channels]).toEqual([2, 4, 1]);
    expect([...png.data]).toEqual([0, 128, 255, 128, 255, 0, 0, 0]);
    expect(JSON.parse(readFileSync(join(out, "shown", "final-x-made.json"), "utf8"))).toEqual({ kept: false });
  });
  it("is in colour where the pictures are", () => {
    const images = Uint8Array.of(255, 0, 0, 0, 0, 255);
    begin().show("a", { images, format: { h: 1, w: 1, c: 3, range: [0, 255] }, columns: 1 }, null);
    const { width, height, channels, data } = decode(readFileSync(join(out, "shown", "a.png")));
    expect([width, height, channels, ...data]).toEqual([1, 2, 3, 255, 0, 0, 0, 0, 255]);
  });
  it("is nothing without a folder", () => {
    const run = new RunFolder("fit", { seed: 7 } as JobOptions, of, print);
    run.show("a", { images: Float32Array.of(0, 0), format, columns: 1 }, null);
    expect(existsSync(join(folder, "shown"))).toBe(false);
  });
});
