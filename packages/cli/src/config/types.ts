import type { Params, Task } from "@regimen/core";

/** A source as a configuration says it; other keys are the reader's own options. */
export type SourceConfig = {
  readonly format?: string;
  readonly path: string | readonly string[];
  readonly limit?: number;
  readonly [option: string]: unknown;
};
/** `ratio`: so many for each training image; absent or "auto": the search finds out. */
export type SyntheticConfig = SourceConfig & { readonly ratio?: number | "auto" };
export type Fraction = { readonly fraction: number };

export type DataConfig = {
  readonly name?: string;
  readonly train: string | SourceConfig;
  readonly test?: string | SourceConfig | Fraction;
  readonly validation?: string | SourceConfig | Fraction;
  readonly unlabeled?: string | SourceConfig;
  readonly synthetic?: readonly (string | SyntheticConfig)[];
  readonly image?: {
    readonly size?: "auto" | number | readonly [number, number];
    readonly fit?: "cover" | "contain" | "stretch";
  };
};

/** What `assets/regimen.schema.json` lets through. */
export type Config = {
  readonly $schema?: string;
  readonly task?: Task;
  readonly data: string | DataConfig;
  readonly model?:
    | { readonly architecture: string; readonly with?: Params }
    | { readonly path: string; readonly weights?: "keep" | "fresh" };
  readonly plugins?: readonly string[];
  readonly search?: {
    readonly metalearner?: string | { readonly sequence: readonly string[] };
    readonly budget?: number;
    readonly space?: { readonly [use: string]: Params | false };
    readonly warm?: readonly string[];
  };
  readonly training?: {
    readonly epochs?: number | "auto";
    readonly batchSize?: number | "auto";
    readonly learningRate?: number | "auto";
    readonly optimizer?: string;
    readonly schedule?: string;
    readonly withValidation?: boolean;
  };
  readonly seed?: number;
};
