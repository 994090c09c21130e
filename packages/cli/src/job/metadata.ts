import { join } from "node:path";
import type { ReadHow } from "@regimen/contracts";
import { readJson } from "./folder.ts";

/** The parts of `metadata.json` that reading images for the model needs. */
export type Metadata = {
  readonly classes: readonly string[];
  readonly input: {
    readonly shape: readonly number[];
    readonly range?: readonly [number, number];
    readonly fit: ReadHow["fit"] | null;
  };
  readonly task?: string;
  /** By class: from which score on it is answered. */ readonly thresholds?: readonly number[] | null;
  readonly output?: string;
  readonly test?: { readonly error?: number; readonly ece?: number } | null;
};

/** Undefined where there is none. Errors: REG_MODEL_UNREADABLE. */
export const readMetadata = (folder: string): Metadata | undefined =>
  readJson(join(folder, "metadata.json"), () => undefined as never, "REG_MODEL_UNREADABLE") as Metadata | undefined;
