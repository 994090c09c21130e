import type { PolicyTrain, TrainSettings } from "@regimen/core";

/** To what images are brought, in pixels: a square's side, or [height, width]. */
export type Side = number | readonly [number, number];

/** What was chosen where the configuration says auto; null where it does not, or where the core chooses. Kept in `run.json`. */
export type Chosen = {
  readonly epochs: number | null;
  readonly architecture: string | null;
  readonly side: Side | null;
};

/** What a job is about to do: what `--dry-run --json` prints. Splits that are fractions are rounded: duplicates may move some. */
export type Plan = {
  readonly job: "train" | "search" | "fit";
  readonly data: {
    readonly name: string;
    readonly classes: readonly string[];
    readonly imageShape: readonly [number, number, number];
    readonly splits: {
      readonly train: number;
      readonly validation: number;
      readonly test: number | null;
      readonly unlabeled: number | null;
      readonly synthetic: number | null;
    };
    readonly unreadable: number;
    /** What the readers say of how they took the files. */ readonly notes: readonly string[];
  };
  readonly model: { readonly name: string; readonly parameters: number };
  readonly training: TrainSettings | PolicyTrain;
  readonly search: {
    readonly metalearner: string;
    readonly budget: number;
    readonly techniques: readonly string[];
  } | null;
  readonly policy: string | null;
  readonly backend: { readonly name: string; readonly version: string; readonly device: string };
  readonly plugins: readonly { readonly name: string; readonly version: string }[];
  /** What was chosen where the configuration says auto. */ readonly chosen: Chosen;
  /** Measured; null where it could not be, and for a run that goes on. */ readonly imagesPerSecond: number | null;
  /** Estimated for the whole job; null where the speed is not known. */ readonly seconds: number | null;
  readonly seed: number;
  readonly folder: string;
};
