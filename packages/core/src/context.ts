import type { JobOptions, Json, PolicyTrain, Regimen, RegimenEvent, Splits } from "@regimen/contracts";
import { RunFolder } from "@regimen/run-folder";
import type { Repeating } from "@regimen/steps";
import { prepareData, prepareSession } from "./prepare.ts";
import type { Session } from "./session.ts";
import manifest from "../package.json" with { type: "json" };

export interface Context extends Repeating {
  readonly backend: Regimen["backend"];
  readonly registered: Regimen["registered"];
  readonly signal: AbortSignal;
  emit(event: RegimenEvent): void;
}
export interface Opened {
  readonly splits: Splits;
  readonly session: Session;
  readonly parameters: number;
  readonly folder: RunFolder;
  readonly seed: number;
  /** Images of a plain run. */ readonly plain: number;
  expect(images: number): void;
}

const ENGINE: string = manifest.version;
export const engineOf = ({ registered }: Context) => ({ engine: ENGINE, techniques: registered.techniques });

/** Where the shared trunk of forks stands in the baseline: far enough to have begun to overfit. */
export const TRUNK = 0.6;

export async function open(
  job: string,
  context: Context,
  options: JobOptions,
  more: { readonly [key: string]: Json },
): Promise<Opened> {
  RunFolder.expect(options);
  const seed = options.seed ?? 0;
  const splits = await prepareData(options.data, seed, options.task);
  const { train, validation, test, unlabeled, synthetic } = splits;
  const architecture = "architecture" in options.model ? options.model.architecture : "own model";
  const fingerprint = {
    job,
    seed,
    model: architecture,
    architecture: ("architecture" in options.model && options.model.with) || {},
    training: (options.training ?? {}) as { readonly [key: string]: Json },
    images: [train, validation, test, unlabeled, synthetic].map((part) => part?.length ?? 0),
    classes: [...train.classes],
    format: [train.format.h, train.format.w, train.format.c],
    plugins: Object.fromEntries(context.registered.plugins.map(({ name, version }) => [name, version])),
    ...more,
  };
  const folder = new RunFolder(job, options, { ...context, engine: ENGINE }, fingerprint);
  folder.splits(splits);
  const { store } = folder;
  const prepared = await prepareSession(options, context.registered, splits, {
    ...context,
    store,
    emit: (event) => (folder.event(event), context.emit(event)),
    show: (...what) => folder.show(...what),
  });
  return { ...prepared, splits, folder, seed, plain: imagesFor(prepared.session.settings, splits) };
}
export const imagesFor = ({ epochs }: PolicyTrain, { train: data }: Splits): number => Math.round(epochs * data.length);
