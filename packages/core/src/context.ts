import type { Identity, JobOptions, Json, PolicyTrain, Regimen, RegimenEvent, Splits } from "@regimen/contracts";
import { RunFolder } from "@regimen/run-folder";
import { digestOf } from "@regimen/sources";
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
  /** How far the trunk goes that forks share. */ readonly trunk: { readonly epochs: number; readonly images: number };
  expect(images: number): void;
}

const ENGINE: string = manifest.version;
export const engineOf = ({ registered }: Context) => ({ engine: ENGINE, techniques: registered.techniques });

/** Where the shared trunk of forks stands in the plain training, as a share of it, at the most and at the least. */
export const TRUNK = { most: 0.25, least: 0.1 } as const;
/** Steps after which a model knows enough to be asked and forked: the share is no larger than they need. */
const TRUNK_STEPS = 300;
/** Where a baseline stands when techniques are tried on it for their worth: far enough to have begun to overfit. */
export const LATE = 0.6;

export async function open(
  job: string,
  context: Context,
  options: JobOptions,
  more: { readonly [key: string]: Json },
): Promise<Opened> {
  RunFolder.expect(options);
  const seed = options.seed ?? 0;
  const splits = await prepareData(options.data, seed, options.task);
  const fingerprint = { job, ...settingsIn(context, options, splits), ...more };
  const folder = new RunFolder(job, options, { ...context, engine: ENGINE }, fingerprint);
  folder.splits(splits);
  const { store } = folder;
  const prepared = await prepareSession(options, context.registered, splits, {
    ...context,
    store,
    emit: (event) => (folder.event(event), context.emit(event)),
    show: (...what) => folder.show(...what),
  });
  const { settings } = prepared.session;
  const plain = imagesFor(settings, splits);
  const share = Math.min(TRUNK.most, Math.max(TRUNK.least, (TRUNK_STEPS * settings.batchSize) / plain));
  // In hundredths, as policies have them.
  const epochs = Math.max(0.01, Math.round(100 * share * settings.epochs) / 100);
  const trunk = { epochs, images: imagesFor({ ...settings, epochs }, splits) };
  return { ...prepared, splits, folder, seed, plain, trunk };
}

/** What two processes that work on one run must have alike. */
export async function identityOf(
  context: Context,
  options: JobOptions,
  { splits }: Pick<Opened, "splits">,
): Promise<Identity> {
  const { name: backend } = context.backend;
  return { engine: ENGINE, backend, data: await digestOf(splits), ...settingsIn(context, options, splits) };
}
function settingsIn(context: Context, { seed = 0, model, training = {} }: JobOptions, splits: Splits): Identity {
  const { train, validation, test, unlabeled, synthetic } = splits;
  return {
    seed,
    model: "architecture" in model ? model.architecture : "own model",
    architecture: ("architecture" in model && model.with) || {},
    training: training as Identity,
    images: [train, validation, test, unlabeled, synthetic].map((part) => part?.length ?? 0),
    classes: [...train.classes],
    format: [train.format.h, train.format.w, train.format.c],
    plugins: Object.fromEntries(context.registered.plugins.map(({ name, version }) => [name, version])),
  };
}
export const imagesFor = ({ epochs }: PolicyTrain, { train: data }: Splits): number => Math.round(epochs * data.length);
