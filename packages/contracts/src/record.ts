import type { Source } from "./data.ts";
import type { Cost, Json, Score } from "./json.ts";
import type { Fragment } from "./metalearner.ts";

/** What a job trains, validates and tests on. */
export type Splits = {
  readonly train: Source;
  readonly validation: Source;
  readonly test?: Source;
  readonly unlabeled?: Source;
  readonly synthetic?: Source;
};

/** One epoch of a training; `images` counts from the beginning of its chain, `logs` are means over the epoch. */
export type Point = {
  readonly epoch: number;
  readonly images: number;
  readonly logs: Readonly<Record<string, number>>;
  readonly score: Score | null;
};

export type TrialRecord = {
  readonly id: string;
  readonly name: string;
  readonly policy: Fragment;
  readonly status: "ok" | "failed" | "over-budget";
  readonly until: number;
  readonly horizon: number;
  readonly from: string | null;
  readonly score: Score | null;
  readonly cost: Cost;
  readonly why: string | null;
};

/** A finished trial, with the loss of every validation image as it is: what paired comparisons need. */
export type Trial = TrialRecord & { readonly losses: readonly number[]; readonly points: readonly Point[] };

/** What one technique of a policy is worth. */
export type Worth = {
  readonly use: string;
  readonly loss: number | null;
  readonly lossWithout: number | null;
  /** 95 % of loss with − without, paired on the validation images. */ readonly interval:
    readonly [number, number] | null;
  readonly verdict: "helps" | "hurts" | "no-effect" | "not-measured";
};
export type Attribution = {
  readonly worth: readonly Worth[];
  readonly refused: NonNullable<Fragment["refused"]>;
  readonly cost: Cost;
  /** Images of each of the short trainings behind it; 0 where nothing was measured. */ readonly images: number;
};

/** `run.json`: what a resumed run is held against, and what a person wants to know of it later. */
export type RunRecord = {
  readonly format: 1;
  readonly job: string;
  readonly started: string;
  readonly engine: string;
  readonly node: string;
  readonly machine: string;
  readonly backend: { readonly name: string; readonly version: string; readonly device: string };
  readonly seed: number;
  readonly plugins: { readonly [name: string]: string };
  readonly fingerprint: Json;
  readonly config: Json;
};
