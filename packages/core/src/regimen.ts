import {
  RegimenError,
  expectOptions,
  expectPlugins,
  nearest,
  start,
  type Backend,
  type DataSpec,
  type JobOptions,
  type Loaded,
  type Plugin,
  type ReadHow,
  type Recorder,
  type Regimen,
  type RegimenEvent,
  type Running,
  type Samples,
  type Source,
} from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import { Container } from "./container.ts";
import { evaluateModel, labelWith } from "./inference.ts";
import type { Context } from "./context.ts";
import { fitJob, searchJob, trainJob } from "./jobs.ts";
import { OPTIMIZERS, SCHEDULES } from "@regimen/optim";
import { openWorkbench } from "./workbench.ts";
import { withStatus } from "@regimen/run-folder";
import { source } from "@regimen/sources";
import type { Repeating } from "@regimen/steps";

/**
 * One container with these plug-ins, on one backend. `backend`: "auto" (the best that loads), a registered name, or
 * "current" for whatever tfjs uses already. tfjs has one backend a process: the last `createRegimen` sets it.
 * Errors: REG_PLUGIN_*, REG_BACKEND_*.
 */
export async function createRegimen(options: {
  readonly plugins: readonly Plugin[];
  readonly backend?: string;
}): Promise<Regimen> {
  const container = new Container();
  for (const optimizer of OPTIMIZERS) container.optimizer(optimizer);
  for (const schedule of SCHEDULES) container.schedule(schedule);
  for (const plugin of expectPlugins(options)) container.use(plugin);
  const { registered } = container;
  const { record, ...backend } = await loadBackend(registered.backends, options.backend ?? "auto");
  const running = <O extends JobOptions, T>(
    name: "train" | "search" | "fit",
    job: (context: Context, options: O) => Promise<T>,
  ) => {
    return (asked: O): Running<T> =>
      start(async (told: (event: RegimenEvent) => void) => {
        expectOptions(name, asked);
        const { out, signal = new AbortController().signal } = asked;
        return withStatus(out, told, (emit) =>
          job({ backend, registered, signal, emit, ...repeating(record, emit) }, asked),
        );
      });
  };
  return {
    backend,
    registered,
    train: running("train", trainJob),
    search: running("search", searchJob),
    fit: running("fit", fitJob),
    evaluate: async ({ model, data, task = "classification", thresholds }) =>
      evaluateModel(model, source(data as Source | Samples), {
        ...repeating(record, () => undefined),
        registered,
        task,
        ...(thresholds && { thresholds }),
      }),
    label: async ({ model, data }) =>
      labelWith(
        model,
        source(data as Source | Samples),
        repeating(record, () => undefined),
      ),
    open: (spec, how) => open(registered, spec, how),
    workbench: (asked) => {
      const [signal, emit] = [new AbortController().signal, (): void => undefined];
      return openWorkbench({ backend, registered, signal, emit, ...repeating(record, emit) }, asked);
    },
    dispose: async () => undefined,
  };
}

/** Warns once for each reason. */
function repeating(record: Recorder | undefined, emit: (event: RegimenEvent) => void): Repeating {
  const told = new Set<string>();
  const refused = (why: string): void => {
    if (told.has(why)) return;
    told.add(why);
    emit({ kind: "warning", code: "REG_CAPTURE", message: `steps run op by op, which is slower: ${why}` });
  };
  return { ...(record && { record }), refused };
}

async function open(registered: Regimen["registered"], spec: DataSpec, how: Partial<ReadHow> = {}): Promise<Source> {
  const reader = registered.readers.find(({ name }) => name === spec?.format);
  if (reader) return source(await reader.open(spec, { base: process.cwd(), fit: "cover", ...how }));
  const known = registered.readers.map(({ name }) => name);
  const near = nearest(String(spec?.format), known);
  throw new RegimenError(
    "REG_DATA_FORMAT",
    `there is no data format "${spec?.format}"; ${near ? `the nearest is "${near}"` : known.length ? `there are ${known.join(", ")}` : "no reader is installed: npm i @regimen/data"}`,
  );
}

async function loadBackend(
  backends: readonly Backend[],
  wanted: string,
): Promise<Regimen["backend"] & Pick<Loaded, "record">> {
  if (wanted === "current") {
    const name = tf.getBackend();
    if (!name)
      throw new RegimenError(
        "REG_BACKEND_NONE",
        'tfjs has no backend yet; set one before createRegimen, or pass a backend plug-in and backend: "auto"',
      );
    return { name, version: tf.version_core, device: "as set" };
  }
  const ladder = [...backends]
    .sort((a, b) => a.rank - b.rank)
    .filter(({ name, auto }) => (wanted === "auto" ? auto : name === wanted));
  if (!ladder.length && wanted !== "auto") {
    const known = backends.map(({ name }) => name);
    throw new RegimenError(
      "REG_BACKEND_UNKNOWN",
      `there is no backend "${wanted}"; there are ${known.join(", ") || "none: npm i @regimen/backend-wasm, and pass it to createRegimen"}`,
    );
  }
  const why: string[] = [];
  for (const { name, load } of ladder) {
    try {
      const { tfjs, ...loaded } = await load();
      if (tf.getBackend() !== tfjs && !(await tf.setBackend(tfjs))) throw new Error(`tfjs refused to use "${tfjs}"`);
      return { name, ...loaded };
    } catch (cause) {
      why.push(`${name}: ${(cause as Error).message}`);
    }
  }
  throw wanted === "auto"
    ? new RegimenError(
        "REG_BACKEND_NONE",
        `no backend could be used${why.length ? ` (${why.join("; ")})` : ""}; run: npm i @regimen/backend-wasm, and pass it to createRegimen`,
      )
    : new RegimenError("REG_BACKEND_UNAVAILABLE", `${why.join("; ")}; use --backend auto for the best that works here`);
}
