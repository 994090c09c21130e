import type { Weights } from "@regimen/export";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Metadata } from "../job/metadata.ts";

/** What a target is given: a saved model, and the new folder that it fills. */
type ExportOrder = {
  /** Holds `model.json`, its weights, and `metadata.json`. */ readonly model: string;
  readonly metadata: Metadata;
  /** What a person calls the model: the run's folder. */ readonly name: string;
  /** Exists, and is empty. */ readonly out: string;
  /** `out` as a person would type it. */ readonly shown: string;
  /** Where the command was called. */ readonly cwd: string;
  /** How kernels are stored. */ readonly weights: Weights;
  /** The model, on a backend that this makes ready; the target disposes of it. */ readonly load: () => Promise<LayersModel>;
  /** A living line of progress. */ readonly tell: (line: string) => void;
};

/** `files`: relative to `out`; `next`: what to do now, in one line each. */
type Exported = {
  readonly files: readonly string[];
  readonly next: readonly string[];
  /** The model with its weights as they were written, for whoever calls to dispose of; needs a backend. */
  readonly smaller: () => Promise<LayersModel>;
};

export type Target = (order: ExportOrder) => Promise<Exported>;
