// What the server tells the page. Everything is plain JSON; what does not apply is null.
import type { Misclassified, Report, ReportAxis, ReportTrial } from "@regimen/contracts";
import type { PolicyTrace } from "@regimen/report";

/** `broken`: its files cannot be read; `failed`: its job ended with an error. */
export type RunState = "running" | "stopped" | "finished" | "failed" | "broken";

/** A run as it stands in the list. Errors are shares, losses nats. */
export type Card = {
  /** The folder's name. */ readonly id: string;
  /** Changes whenever a file does that the page shows something of. */ readonly version: string;
  readonly state: RunState;
  /** What is wrong, in words. */ readonly why: string | null;
  readonly job: string | null;
  readonly started: string | null;
  readonly dataset: string | null;
  readonly model: string | null;
  readonly policy: string | null;
  readonly answer: {
    readonly headline: string;
    readonly verdict: Report["error"]["verdict"];
    readonly words: string;
    readonly error: number;
    readonly baseline: number | null;
    readonly images: number;
  } | null;
  readonly cost: { readonly seconds: number; readonly imagesSeen: number; readonly plainRuns: number | null } | null;
  readonly trials: number;
  /** The lowest validation loss of a trial. */ readonly best: number | null;
  readonly progress: {
    readonly stage: string;
    readonly message: string;
    /** Of the training that goes on. */ readonly share: number | null;
    readonly imagesPerSecond: number | null;
    readonly secondsLeft: number | null;
  } | null;
  readonly can: { readonly stop: boolean; readonly resume: boolean; readonly report: boolean };
};

/** A run as its own page shows it. */
export type Details = {
  readonly card: Card;
  readonly command: string | null;
  readonly backend: string | null;
  readonly machine: string | null;
  readonly seed: number | null;
  readonly axes: readonly ReportAxis[];
  readonly trials: readonly ReportTrial[];
  /** Those of the charts that have something to show, each with a text that changes when it does. */
  readonly charts: { readonly [name: string]: string };
  readonly policy: Report["policy"] | null;
  readonly dataset: Report["dataset"] | null;
  readonly classes: Report["classes"];
  readonly misclassified: readonly Misclassified[];
  /** What the task measures beside its error; `chart` is one of `charts`. */
  readonly exhibits: readonly { readonly chart: string; readonly title: string; readonly about: string }[];
  /** Where answers are graded: the task's words, and the images with the largest errors; else null. */
  readonly terms: Report["terms"];
  readonly worst: Report["worst"];
  readonly overlays: Report["overlays"];
  readonly measures: Report["measures"];
  /** How many images were answered wrongly in all. */ readonly wrong: number;
  /** The last lines that a resumed run has said. */ readonly log: readonly string[];
};

/** A chart at each of its widths. */
export type Picture = {
  readonly label: string;
  readonly svg: Readonly<Record<string, string>>;
  /** Of the policy chart: where its lines and axes stand. */ readonly trace: PolicyTrace | null;
};

/** Runs side by side. */
export type Compared = {
  readonly runs: readonly Details[];
  /** What forbids comparing, or makes it weak. */ readonly cautions: readonly string[];
  /** Each run with the first, on the same test images; absent where there is nothing to pair. */
  readonly paired: readonly {
    readonly id: string;
    readonly images: number;
    readonly fixed: number;
    readonly broken: number;
    /** 95 % of first − this one. */ readonly interval: readonly [number, number];
    readonly p: number;
    readonly verdict: Report["error"]["verdict"];
  }[];
};

/** What the stream of events says: a run is new, has changed, or is gone. */
export type Change = { readonly id: string; readonly version: string | null };
