import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import {
  source,
  type Architecture,
  type DataSpec,
  type Evaluation,
  type FitResult,
  type Plugin,
  type Policy,
  type ReadHow,
  type Regimen,
  type RegimenEvent,
  type Report,
  type Running,
  type Samples,
  type Technique,
  type TrainOptions,
} from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { runCli, type Io, type Output } from "../src/index.ts";

export const temp = (): string => realpathSync(mkdtempSync(join(tmpdir(), "regimen-cli-")));

/** Writes files below a folder; an object is JSON. */
export function write(folder: string, files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** A package in `folder`'s node_modules, and its line in package.json's dependencies is the caller's. */
export function install(folder: string, name: string, manifest: object, code: string): void {
  write(join(folder, "node_modules", name), {
    "package.json": { name, version: "1.2.3", type: "module", exports: "./index.js", ...manifest },
    "index.js": code,
  });
}

export const pluginCode = (name: string, body = ""): string =>
  `export default { name: ${JSON.stringify(name)}, version: "1.2.3", register(into) { ${body} } };`;
export const techniqueCode = (name: string): string =>
  pluginCode(
    name,
    `into.technique({ name: ${JSON.stringify(name)}, version: "1.2.3", group: "augmentation", paper: "none",
       space: { m: { kind: "m", range: [0, 1], default: 0.5, off: 0 } }, order: { slot: "mix", conflicts: ["other"] }, create: () => ({}) });`,
  );

export class Text extends Writable implements Output {
  text = "";
  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}

export type Ran = { readonly code: number; readonly out: string; readonly err: string };
export type World = Partial<Omit<Io, "stdout" | "stderr">>;

const NOTHING: Io["host"] = {
  url: import.meta.url,
  manifest: { name: "host", version: "9.9.9" },
  import: () => Promise.reject(new Error("no host")),
};

/** One call, with what it wrote. */
export async function cli(argv: readonly string[], world: World = {}): Promise<Ran> {
  const [stdout, stderr] = [new Text(), new Text()];
  const io: Io = {
    cwd: temp(),
    env: {},
    host: NOTHING,
    onInterrupt: () => () => undefined,
    createRegimen: () => Promise.reject(new Error("this command needs no Regimen")),
    ...world,
    stdout,
    stderr,
  };
  return { code: await runCli(argv, io), out: stdout.text, err: stderr.text };
}

const policy: Policy = {
  format: 1,
  name: "calm-fox-pier",
  engine: "0.1.0",
  seed: 7,
  train: { epochs: 3, batchSize: 4, learningRate: 0.1, optimizer: "sgd", schedule: "one-cycle" },
  steps: [{ use: "@regimen/technique-mixup", version: "0.1.0", with: { alpha: 0.2 } }],
};
const cost = { trained: 100, inferred: 30, seconds: 12 };

export const evaluation: Evaluation = {
  images: 4,
  error: 0.5,
  loss: 0.7,
  ece: 0.1,
  classes: [
    { name: "cat", support: 2, precision: 0.5, recall: 0.5 },
    { name: "dog, wet", support: 2, precision: 0.5, recall: 0.5 },
  ],
  predictions: [
    { id: "a.png", label: 0, predicted: 0, probabilities: [0.9, 0.1] },
    { id: "b.png", label: 0, predicted: 1, probabilities: [0.4, 0.6] },
    { id: "c.png", label: 1, predicted: 0, probabilities: [0.8, 0.2] },
    { id: "d.png", label: -1, predicted: 0, probabilities: [0.7, 0.3] },
  ],
};

/** What `createRegimen` was asked for and what its jobs got; `job` decides what they do. */
export type Fake = {
  readonly createRegimen: Io["createRegimen"];
  readonly asked: { plugins: string[]; backend?: string }[];
  readonly jobs: { readonly kind: string; readonly options: TrainOptions }[];
  readonly opened: DataSpec[];
  disposed: number;
};

export function fakeRegimen(
  report: Report,
  events: readonly RegimenEvent[] = [],
  fail?: (signal: AbortSignal | undefined) => Promise<void>,
  { imagesPerSecond, side }: { readonly imagesPerSecond: number; readonly side: number } = {
    imagesPerSecond: 1000,
    side: 8,
  },
): Fake {
  const fake: Fake = { asked: [], jobs: [], opened: [], disposed: 0, createRegimen };
  async function createRegimen({
    plugins,
    backend,
  }: {
    plugins: readonly Plugin[];
    backend?: string;
  }): Promise<Regimen> {
    fake.asked.push({ plugins: plugins.map(({ name }) => name), ...(backend === undefined ? {} : { backend }) });
    const model = { dispose: () => undefined, countParams: () => 1234 } as unknown as LayersModel;
    const result = (options: TrainOptions): FitResult => ({
      model,
      policy,
      seed: options.seed ?? 0,
      backend: "fake",
      captured: false,
      parameters: 1234,
      cost,
      imagesSeen: 110,
      seconds: 12,
      imagesPerSecond,
      validation: { error: 0.25, loss: 0.5, ece: null },
      test: evaluation,
      folder: options.out ?? null,
    });
    const job = <T>(kind: string, options: TrainOptions, give: () => T): Running<T> => {
      // The speed is measured in a folder of nobody's.
      const real = options.out !== undefined;
      if (real) {
        fake.jobs.push({ kind, options });
        write(options.out, { "run.json": { config: options.config }, "report.json": report });
      }
      const work = (async () => {
        if (real) await fail?.(options.signal);
        return give();
      })();
      work.catch(() => undefined);
      return {
        then: (fulfilled, rejected) => work.then(fulfilled, rejected),
        async *[Symbol.asyncIterator]() {
          if (real) yield* events;
        },
      };
    };
    const architectures = ["small-cnn", "resnet20v2", "resnet18"].map(
      (name) => ({ name, about: "", build: () => model }) as unknown as Architecture,
    );
    return {
      backend: { name: "fake", version: "1", device: "paper" },
      registered: {
        plugins,
        techniques: [{ name: "@regimen/technique-mixup", order: { slot: "loss" } } as unknown as Technique],
        metalearners: [],
        scaffolds: [],
        readers: [],
        architectures,
        backends: [],
        optimizers: [],
        schedules: [],
      },
      train: (options) => job("train", options, () => ({ ...result(options), report })),
      search: (options) => job("search", options, () => ({ policy, cost, trials: [], folder: options.out ?? null })),
      fit: (options) => job("fit", options, () => result(options)),
      evaluate: async () => evaluation,
      label: async () => evaluation.predictions,
      workbench: async () => {
        throw new Error("no worker here");
      },
      open: async (spec, how) => {
        fake.opened.push(spec);
        return source(samples(spec, how, side));
      },
      dispose: async () => void fake.disposed++,
    };
  }
  return fake;
}

function samples(spec: DataSpec, how: Partial<ReadHow> = {}, side: number): Samples {
  const { h, w } = how.size ?? { h: side, w: side };
  const length = spec.limit ?? 40;
  const classes = how.classes ?? ["cat", "dog"];
  return {
    name: String(spec.path),
    length,
    format: { h, w, c: 1, range: [0, 255] },
    classes,
    skipped: [],
    labels: () =>
      Float32Array.from({ length: length * classes.length }, (_, i) =>
        Number(i % classes.length === Math.floor(i / classes.length) % classes.length),
      ),
    id: (row) => `${row}.png`,
    read: async (rows) => ({ images: new Uint8Array(rows.length * h * w) }),
    dispose: () => undefined,
  };
}
