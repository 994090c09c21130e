import { createHash } from "node:crypto";
import type { Report, RunRecord, Trial } from "@regimen/contracts";
import { completed, exhibitTitle, headline, isGraded, spaced, termsOf, verdictWords } from "@regimen/report";
import { readStatus, type RunStatus } from "@regimen/run-folder";
import type { Card, Details, Picture } from "../view.ts";
import { chartNames, exhibitName, pictureOf } from "./charts.ts";
import { JournalReader } from "./journal.ts";
import { bestOf, drawn, epochsStamp, type Drawn } from "./live.ts";
import { fileIn, textIn } from "./place.ts";
import { working } from "./state.ts";

/** Files whose change is a change of the run. */
const WATCHED = ["run.json", "journal.jsonl", "status.json", "search.json", "policy.json", "report.json", "studio.log"];
/** Without these a report can be neither told nor drawn. */
const PARTS = ["dataset", "model", "policy", "search", "error", "cost"] as const;
const LOG_LINES = 12;

/** What the studio itself knows of a run that it has started or stopped. */
export type Own = { readonly starting: boolean; readonly stopping: boolean; readonly ended: string | null };
const NOTHING: Own = { starting: false, stopping: false, ended: null };

/** A run's folder, read again only where its files have changed. Reading never throws: what is wrong is told. */
export class Run {
  readonly id: string;
  readonly folder: string;
  readonly #journal: JournalReader;
  readonly #pictures = new Map<string, { readonly version: string; readonly picture: Picture | null }>();
  readonly #json = new Map<string, { readonly stamp: string; readonly value: unknown }>();

  constructor(id: string, folder: string) {
    [this.id, this.folder] = [id, folder];
    this.#journal = new JournalReader(folder);
  }

  /** Another text whenever a file has changed, or what the studio knows of the run. */
  version(own: Own = NOTHING): string {
    const stamps = WATCHED.map((name) => fileIn(this.folder, name)?.stamp ?? "");
    const status = readStatusIn(this.folder);
    // A process that dies changes no file.
    return [...stamps, status && working(status).running, JSON.stringify(own)].join(" ");
  }

  /** Errors: one that says which file cannot be read. */
  #read<T>(name: string): T | null {
    const stamp = fileIn(this.folder, name)?.stamp;
    if (stamp === undefined) return null;
    const known = this.#json.get(name);
    if (known?.stamp === stamp) return known.value as T;
    let value: unknown;
    try {
      value = JSON.parse(textIn(this.folder, name) ?? "null");
    } catch (error) {
      throw new Error(`${name} cannot be read: ${(error as Error).message}`, { cause: error });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw new Error(`${name} holds no JSON object`);
    this.#json.set(name, { stamp, value });
    return value as T;
  }

  /** The finished report; null where there is none yet. Errors: where it cannot be read. */
  report(): Report | null {
    const report = this.#read<Report>("report.json");
    if (!report) return null;
    const missing = PARTS.filter((part) => typeof report[part] !== "object" || report[part] === null);
    if (missing.length > 0) throw new Error(`report.json is no report: it lacks ${missing.join(", ")}`);
    return completed(report);
  }

  /** What its charts are drawn from: the report, or what is known so far. */
  drawn(): Report | Drawn {
    return this.report() ?? this.#known().drawn();
  }

  /** The report's chart of this name, drawn again only where what it shows has changed; null where it shows nothing. */
  picture(name: string): Picture | null {
    const version = this.#chartVersion(name);
    const known = this.#pictures.get(name);
    if (known?.version === version) return known.picture;
    const picture = pictureOf(this.drawn(), name);
    this.#pictures.set(name, { version, picture });
    return picture;
  }

  /** Mere progress, of which a running training tells twice a second, changes no chart. */
  #chartVersion(name: string): string {
    const files = ["report.json", "journal.jsonl", "search.json"].map((file) => fileIn(this.folder, file)?.stamp ?? "");
    const training = readStatusIn(this.folder)?.training?.name ?? "";
    const told = name === "curves" && files[0] === "" ? epochsStamp(this.folder, [training, "baseline", "final"]) : "";
    return createHash("sha256")
      .update(JSON.stringify([files, told]))
      .digest("base64url")
      .slice(0, 16);
  }

  #known() {
    const record = this.#read<RunRecord>("run.json");
    if (!record) throw new Error("run.json is missing: this is no run, or its beginning was lost");
    const told = this.#journal.read();
    if (told.damaged !== null) throw new Error(`line ${told.damaged} of journal.jsonl is damaged`);
    const status = readStatusIn(this.folder);
    const images = (record.fingerprint as { images?: readonly number[] } | null)?.images?.[0] ?? 1;
    const training = status?.training?.name ?? null;
    return { record, ...told, status, drawn: () => drawn(this.folder, told.trials, training, images) };
  }

  card(own: Own = NOTHING): Card {
    const { id } = this;
    const version = this.version(own);
    try {
      const { record, trials, done, status } = this.#known();
      const report = this.report();
      const now = stateOf(done, status, own);
      return {
        id,
        version,
        ...now,
        job: textOf(record.job),
        started: textOf(record.started),
        dataset: report?.dataset.name ?? datasetOf(record),
        model: report?.model.name ?? textOf((record.fingerprint as { model?: unknown } | null)?.model),
        policy: report?.policy.name ?? this.#read<Report["policy"]>("policy.json")?.name ?? null,
        answer: report && answerOf(report),
        cost: costOf(report, trials),
        trials: trials.filter((trial) => !trial.id.startsWith("/")).length,
        best: bestOf(trials)?.score?.loss ?? null,
        progress: now.state === "running" ? progressOf(status, own) : null,
        can: {
          // A program that trains from code may do other things too, which a signal would end.
          stop:
            now.state === "running" && resumable(record) && !own.stopping && status !== null && working(status).here,
          resume: (now.state === "stopped" || now.state === "failed") && resumable(record),
          report: report !== null,
        },
      };
    } catch (error) {
      return brokenCard(id, version, (error as Error).message);
    }
  }

  details(own: Own = NOTHING): Details {
    const card = this.card(own);
    try {
      const { record } = this.#known();
      const report = this.report();
      const { search } = this.drawn();
      return {
        card,
        command: textOf((record.config as { command?: unknown } | null)?.command),
        backend: record.backend ? `${record.backend.name} (${record.backend.version}), ${record.backend.device}` : null,
        machine: textOf(record.machine),
        seed: record.seed ?? null,
        axes: search.axes,
        trials: search.trials,
        charts: Object.fromEntries(chartNames(this.drawn()).map((name) => [name, this.#chartVersion(name)])),
        policy: report?.policy ?? this.#read<Report["policy"]>("policy.json"),
        dataset: report?.dataset ?? null,
        classes: report?.classes ?? [],
        misclassified: report?.misclassified ?? [],
        exhibits: (report?.exhibits ?? []).map((exhibit, at) => ({
          chart: exhibitName(at),
          title: exhibitTitle(exhibit),
          about: spaced(exhibit.about),
        })),
        terms: report && isGraded(report) ? termsOf(report) : null,
        worst: report?.worst ?? null,
        overlays: report?.overlays ?? null,
        measures: report?.measures ?? [],
        wrong: report ? Math.round(report.error.regimen * report.error.images) : 0,
        log: logIn(this.folder),
      };
    } catch (error) {
      const broken = card.state === "broken" ? card : brokenCard(this.id, card.version, (error as Error).message);
      return { ...NONE, card: broken, log: logIn(this.folder) };
    }
  }
}

const NONE = {
  command: null,
  backend: null,
  machine: null,
  seed: null,
  axes: [],
  trials: [],
  charts: {},
  policy: null,
  dataset: null,
  classes: [],
  misclassified: [],
  exhibits: [],
  terms: null,
  worst: null,
  overlays: null,
  measures: [],
  wrong: 0,
};

const brokenCard = (id: string, version: string, why: string): Card => ({
  id,
  version,
  state: "broken",
  why,
  job: null,
  started: null,
  dataset: null,
  model: null,
  policy: null,
  answer: null,
  cost: null,
  trials: 0,
  best: null,
  progress: null,
  can: { stop: false, resume: false, report: false },
});

/** A status that is a link leads elsewhere: it is none. */
export const readStatusIn = (folder: string): RunStatus | null =>
  fileIn(folder, "status.json") ? readStatus(folder) : null;

function stateOf(done: boolean, status: RunStatus | null, own: Own): Pick<Card, "state" | "why"> {
  if (done) return { state: "finished", why: null };
  if (own.starting || (status && working(status).running)) return { state: "running", why: null };
  if (own.ended !== null) return { state: "failed", why: own.ended };
  if (status?.state === "failed") return { state: "failed", why: status.why };
  const killed = status?.state === "running";
  return { state: "stopped", why: killed ? "Its process ended without a word; finished trials are safe." : null };
}

function progressOf(status: RunStatus | null, { starting, stopping }: Own): Card["progress"] {
  if (starting)
    return { stage: "starting", message: "starting again", share: null, imagesPerSecond: null, secondsLeft: null };
  const { training = null, stage = null, secondsLeft = null } = status ?? {};
  return {
    stage: stage?.name ?? "training",
    message: stopping ? "stopping: saving what was done" : (stage?.message ?? "training"),
    share: training && training.of > 0 ? Math.min(1, training.images / training.of) : null,
    imagesPerSecond: training?.imagesPerSecond ?? null,
    secondsLeft,
  };
}

function answerOf(report: Report): Card["answer"] {
  const { error, baseline, images, verdict } = { ...report.error, error: report.error.regimen };
  return { headline: headline(report), verdict, words: verdictWords(report).words, error, baseline, images };
}

function costOf(report: Report | null, trials: readonly Trial[]): Card["cost"] {
  if (report) {
    const { totalOverBaseline, imagesSeen } = report.search.cost;
    return { seconds: report.cost.seconds, imagesSeen, plainRuns: totalOverBaseline };
  }
  if (trials.length === 0) return null;
  const sum = (of: (trial: Trial) => number) => trials.reduce((all, trial) => all + of(trial), 0);
  const imagesSeen = sum(({ cost }) => cost.trained + cost.inferred / 3);
  return { seconds: sum(({ cost }) => cost.seconds), imagesSeen, plainRuns: null };
}

/** Only a run of the command line says how it was started. */
const resumable = ({ config }: RunRecord): boolean =>
  typeof (config as { job?: unknown; config?: unknown } | null)?.job === "string" &&
  (config as { config?: unknown }).config !== undefined;

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The data set's own name, else the path it was read from. */
function datasetOf({ config }: RunRecord): string | null {
  const data = (config as { config?: { data?: { name?: unknown; train?: { path?: unknown } } } } | null)?.config?.data;
  const path = data?.train?.path;
  return textOf(data?.name) ?? (typeof path === "string" ? (path.split(/[/\\]/).findLast(Boolean) ?? null) : null);
}

function logIn(folder: string): string[] {
  try {
    const lines = (textIn(folder, "studio.log") ?? "").split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-LOG_LINES);
  } catch {
    return [];
  }
}
