import type { Params, Scaffold, Technique } from "@regimen/core";
import { classifier } from "@regimen/scaffold-classifier";
import { readmeLaw } from "./readme.ts";
import { declare, type Runner } from "./runner.ts";
import { Bench } from "./technique/bench.ts";
import { techniqueLawsOf } from "./technique/laws.ts";

export type TechniqueLawOptions = {
  /** The package's folder, with its README: adds law 12. Once for a package of several techniques is enough. */
  readonly folder?: string | URL;
  /** What makes the small model trainable; the classifier scaffold unless told. */ readonly scaffold?: Scaffold;
  /** Facts of the made-up data and model, beyond those that the technique needs. */ readonly facts?: readonly string[];
};

/** The twelve laws of techniques, each a test of its own. It needs a few hundred milliseconds on a CPU. */
export function techniqueLaws<P extends Params>(
  technique: Technique<P>,
  runner: Runner,
  options: TechniqueLawOptions = {},
): void {
  const { folder, facts = [] } = options;
  // `create` is a method, so that a technique of any hyperparameters is a Technique.
  const any = technique as unknown as Technique;
  const bench = (): Bench => new Bench(any, options.scaffold ?? classifier, facts);
  const laws = techniqueLawsOf(any, bench);
  declare(technique.name, folder === undefined ? laws : [...laws, readmeLaw(folder, "12. ")], runner);
}
