import type { Params, Scaffold, Technique } from "@regimen/core";
import { classifier } from "@regimen/scaffold-classifier";
import { readmeLaw } from "./readme.ts";
import { declare, type Runner } from "./runner.ts";
import { Bench } from "./technique/bench.ts";
import { techniqueLawsOf } from "./technique/laws.ts";
import { trainingLawsOf } from "./technique/training-laws.ts";

export type TechniqueLawOptions = {
  /** The package's folder, with its README: adds law 12. Once for a package of several techniques is enough. */
  readonly folder?: string | URL;
  /** What makes the small model trainable; the classifier scaffold unless told. */ readonly scaffold?: Scaffold;
  /** Facts of the made-up data and model, beyond those that the technique needs. */ readonly facts?: readonly string[];
  /** After how many steps an update is seen; 1 unless told. */ readonly steps?: number;
};

/**
 * The twelve laws of techniques, each a test of its own, and three more of those that act on whole trainings. It needs a few
 * hundred milliseconds on a CPU, with trainings a few seconds.
 */
export function techniqueLaws<P extends Params>(
  technique: Technique<P>,
  runner: Runner,
  options: TechniqueLawOptions = {},
): void {
  const { folder, facts = [], steps = 1 } = options;
  // `create` is a method, so that a technique of any hyperparameters is a Technique.
  const any = technique as unknown as Technique;
  const bench = (): Bench => new Bench(any, options.scaffold ?? classifier, facts);
  const laws = [...techniqueLawsOf(any, bench, steps), ...trainingLawsOf(any, options.scaffold ?? classifier)];
  declare(technique.name, folder === undefined ? laws : [...laws, readmeLaw(folder, "12. ")], runner);
}
