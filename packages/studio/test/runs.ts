// Run folders with invented content, as a run would write them.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Point, Problem, Report, RunRecord, Trial } from "@regimen/contracts";
import { EventFile } from "@regimen/tensorboard";
import type { RunStatus } from "@regimen/run-folder";

const IMAGES = 400;
const CONFIG = {
  job: "train",
  command: "regimen train ./photos",
  cwd: "/",
  base: "/",
  config: { data: { name: "photos" } },
};

const record = (more: Partial<RunRecord>): RunRecord => ({
  format: 1,
  job: "train",
  started: "2026-01-02T15:04:05.000Z",
  engine: "0.1.0",
  node: "20.19.0",
  machine: "2 × CPU, 8 GiB",
  backend: { name: "wasm", version: "4.22.0", device: "WebAssembly" },
  seed: 7,
  plugins: {},
  fingerprint: { model: "small-cnn", images: [IMAGES, 100, 100, 0, 0] },
  config: CONFIG,
  ...more,
});

const technique = (name: string, space: Problem["techniques"][number]["space"]): Problem["techniques"][number] => ({
  name: `@regimen/technique-${name}`,
  version: "0.1.0",
  group: "regularization",
  paper: "",
  space,
  order: { slot: "mix" },
});
const problem: Problem = {
  techniques: [
    technique("mixup", {
      alpha: { kind: "m", range: [0, 1], default: 0.2, off: 0 },
      rr: { kind: "rr", range: [0, 1], default: 0.5, off: 0 },
    }),
    technique("label-smoothing", { epsilon: { kind: "m", range: [0, 0.2], default: 0.1, off: 0 } }),
    technique("dropout", { rate: { kind: "m", range: [0, 0.5], default: 0.1, off: 0 } }),
  ],
  train: { learningRate: { kind: "value", range: [0.01, 0.4], scale: "log", default: 0.1 } },
  base: { steps: [] },
  facts: {},
  plain: { trained: 4000, inferred: 100, seconds: 10 },
  budget: { trained: 4000, inferred: 0, seconds: 0 },
  seed: 7,
};

/** A run that has begun, without a trial. */
export function begin(folder: string, more: Partial<RunRecord> = {}): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "run.json"), JSON.stringify(record(more)));
  writeFileSync(join(folder, "search.json"), JSON.stringify({ metalearner: "random", problem }));
}

const points = (epochs: number, height: number): Point[] =>
  Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    images: (i + 1) * IMAGES,
    logs: { loss: height / (i + 1) },
    score: { loss: height / (i + 1) + 0.1, error: 0.3, ece: null },
  }));

/** Trial `i`: every one another policy and another loss. */
function trial(i: number): Trial {
  const share = ((i * 37) % 100) / 100;
  const loss = 0.4 + (((i * 61) % 97) / 97) * 0.8;
  return {
    id: `${i}`,
    name: `trial-number-${i}`,
    policy: {
      steps: [
        { use: "@regimen/technique-mixup", with: { alpha: share, rr: (i % 5) / 5 } },
        { use: "@regimen/technique-label-smoothing", with: { epsilon: 0.2 * (1 - share) } },
        ...(i % 3 ? [{ use: "@regimen/technique-dropout", with: { rate: 0.05 * (i % 10) } }] : []),
      ],
      train: { learningRate: 0.01 * 40 ** share },
    },
    until: 4000,
    horizon: 4000,
    from: null,
    status: i % 29 === 28 ? "failed" : "ok",
    score: i % 29 === 28 ? null : { error: loss / 3, loss, ece: null },
    cost: { trained: 4000, inferred: 100, seconds: 3 },
    why: i % 29 === 28 ? "the loss became NaN" : null,
    losses: [loss],
    points: points(6, 2 * loss),
  };
}

export const addEntry = (folder: string, kind: string, id: string, value: unknown): void =>
  appendFileSync(join(folder, "journal.jsonl"), `${JSON.stringify({ kind, id, value })}\n`);
export const addTrials = (folder: string, from: number, to: number): void => {
  for (let i = from; i < to; i++) addEntry(folder, "trial", `${i}`, trial(i));
};

/** An epoch of a training, as the run tells TensorBoard. */
export function addEpoch(folder: string, training: string, epoch: number, loss: number): void {
  const file = new EventFile(join(folder, "events", training.replaceAll(/[^\w.-]+/g, "-")), 1);
  const values = [
    { tag: "training/loss", scalar: loss },
    { tag: "validation/loss", scalar: loss + 0.1 },
  ];
  file.add({ time: 1, step: epoch, values });
}

export function setStatus(folder: string, more: Partial<RunStatus> = {}): void {
  const now = new Date().toISOString();
  const status: RunStatus = {
    format: 1,
    state: "running",
    why: null,
    pid: process.pid,
    host: hostname(),
    at: now,
    since: now,
    stage: { name: "search", message: "searching with random" },
    training: { name: "trial/3", images: 100, of: 400, imagesPerSecond: 250 },
    secondsLeft: 95,
    ...more,
  };
  writeFileSync(join(folder, "status.json"), JSON.stringify(status));
}

export function finish(folder: string, report: Report): void {
  begin(folder);
  addEntry(folder, "done", "run", true);
  writeFileSync(join(folder, "report.json"), JSON.stringify(report));
  writeFileSync(join(folder, "policy.json"), JSON.stringify({ format: 1, seed: 7, ...report.policy }));
}
