import {
  RegimenError,
  blueprintOf,
  createRng,
  imagesSeen,
  optimizerNamed,
  runStage,
  saveModel,
  scheduleNamed,
  start,
  type Json,
  type ModelInput,
  type Plan,
  type Recorder,
  type Regimen,
  type RegimenEvent,
  type Running,
  type ScaffoldModel,
  type Source,
  type StageEnv,
} from "@regimen/core";
import { RunFolder, withStatus } from "@regimen/run-folder";
import { normalizationOf } from "@regimen/sources";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { headless } from "./headless.ts";
import { OPTIMIZER, VIEWS, pretraining, type Method } from "./pretrain.ts";

export type BackboneOptions = {
  /** A named architecture, or a model of one's own, whose head is dropped. */ readonly model: ModelInput;
  /** Labels are not looked at. */ readonly data: Source;
  readonly method: Method;
  readonly epochs: number;
  /** Images of a step, each in two views; 128 unless told. */ readonly batch?: number;
  /** Names of techniques whose transforms the views leave out. */ readonly refused?: readonly string[];
  readonly seed?: number;
  /** As of every run: it must not exist, unless `resume`. Absent: nothing is written. */ readonly out?: string;
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
  /** Kept in `run.json`. */ readonly config?: Json;
};

/** The receiver owns `model`: raw pixels [h, w, c] → features [d], plain tfjs layers alone. */
export type Backbone = {
  readonly model: LayersModel;
  readonly features: number;
  /** The method's loss, one entry an epoch. */ readonly losses: readonly number[];
  readonly parameters: number;
  readonly imagesSeen: number;
  readonly seconds: number;
  readonly folder: string | null;
};

/** Heads need classes, and this one is dropped: any number will do. */
const CLASSES = 2;
const KEY = "pretrain";

/**
 * A backbone from images alone: no labels, no task. Saved below `out` as `model/`, with what reading images for it needs. An
 * abort saves the state, then rejects with an `AbortError`; `resume` goes on from there. Errors: REG_RUN_*, REG_MODEL_*,
 * REG_SCAFFOLD_MISSING, REG_LOSS_NAN.
 */
export const pretrainBackbone = (regimen: Regimen, options: BackboneOptions): Running<Backbone> =>
  start((told) => withStatus(options.out, told, (emit) => job(regimen, options, emit)));

async function job(regimen: Regimen, options: BackboneOptions, emit: (event: RegimenEvent) => void): Promise<Backbone> {
  const { data, method, epochs, batch = 128, seed = 0, signal = new AbortController().signal } = options;
  const how = { ...options, data: { train: data } };
  RunFolder.expect(how);
  const { h, w, c } = data.format;
  const fingerprint = {
    job: KEY,
    seed,
    method: method.name,
    images: data.length,
    format: [h, w, c],
    epochs,
    batch,
    refused: [...(options.refused ?? [])],
    model: "architecture" in options.model ? options.model.architecture : "own model",
  };
  const folder = new RunFolder(KEY, how, { ...regimen, engine: manifest.version }, fingerprint);
  const rng = createRng(seed).fork(KEY);
  const model = await trainable(regimen, options, seed);
  try {
    const images = VIEWS * Math.round(epochs * data.length);
    const stage = pretraining(
      model,
      data,
      { rng, adam: optimizerNamed(regimen, OPTIMIZER) },
      { ...options, images, batch },
    );
    const plan = stage.plan as Plan;
    const record = await recorderOf(regimen);
    const result = await runStage(
      {
        ...stage,
        key: KEY,
        extra: [],
        plan,
        schedule: scheduleNamed(regimen, plan.schedule),
        cost: VIEWS,
        until: plan.images,
        origin: 0,
        horizon: plan.images,
        rng,
        draw: (stream, shape) => ({ [KEY]: stage.draw!(stream, shape) }),
        step: (shown, step) => stage.step(shown, step.of(KEY)),
      },
      { store: folder.store, signal, ...(record && { record }), ...told(emit, method) },
    );
    result.state.dispose();
    const plain = await model.plain();
    const backbone = await headless(plain).finally(() => plain.dispose());
    const seen = imagesSeen(result.cost);
    if (folder.path) await saveModel(backbone, join(folder.path, "model"), metadataOf(backbone, options, seen));
    folder.finish();
    return {
      model: backbone,
      features: widthOf(backbone),
      losses: result.points.map(({ logs }) => logs[method.name]!),
      parameters: backbone.countParams(),
      imagesSeen: seen,
      seconds: result.cost.seconds,
      folder: folder.path ?? null,
    };
  } finally {
    model.dispose();
  }
}

/** The model as it is trained; a fresh one normalises its input by these images. */
async function trainable(regimen: Regimen, { model, data }: BackboneOptions, seed: number): Promise<ScaffoldModel> {
  const task = "classification";
  const scaffold = regimen.registered.scaffolds.find(({ tasks }) => tasks.includes(task));
  if (!scaffold)
    throw new RegimenError(
      "REG_SCAFFOLD_MISSING",
      "no installed scaffold makes a model trainable; run: npm i @regimen/scaffold-classifier, and pass it to createRegimen",
    );
  const rng = createRng(seed).fork("training").fork("init");
  const blueprint = blueprintOf(model, regimen.registered, { format: data.format, classes: CLASSES });
  const built = await blueprint.build(rng);
  const classes = widthOf(built);
  const normalization = blueprint.fresh ? await normalizationOf(data) : undefined;
  const how = { hooks: [], format: data.format, classes, task, rng, ...(normalization && { normalization }) } as const;
  return scaffold.wrap(built, how).finally(() => built.dispose());
}

/** What makes steps faster on the backend at work, where it can. */
async function recorderOf({ registered, backend }: Regimen): Promise<Recorder | undefined> {
  return (await registered.backends.find(({ name }) => name === backend.name)?.load())?.record;
}

function told(
  emit: (event: RegimenEvent) => void,
  { name }: Method,
): Pick<StageEnv, "progress" | "epoch" | "lost" | "refused"> {
  let secondsLeft: number | null = null;
  return {
    progress: (_, images, of, imagesPerSecond) => {
      secondsLeft = (of - images) / imagesPerSecond;
      emit({ kind: "progress", training: KEY, images, of, imagesPerSecond, secondsLeft });
    },
    epoch: ({ epoch, logs }, epochs) =>
      emit({ kind: "epoch", training: KEY, epoch, epochs, logs: { ...logs, loss: logs[name]! }, secondsLeft }),
    lost: () => undefined,
    refused: (why) =>
      emit({ kind: "warning", code: "REG_CAPTURE", message: `steps run op by op, which is slower: ${why}` }),
  };
}

const widthOf = (model: LayersModel): number => model.outputs[0]!.shape.at(-1)!;

/** As a run's `metadata.json`, but for what only a trained classifier has. */
function metadataOf(model: LayersModel, { data, method, epochs }: BackboneOptions, seen: number): Json {
  const { h, w, c, range } = data.format;
  const { fit = null, interpolation = null } = data.resize ?? {};
  return {
    format: 1,
    classes: null,
    input: { shape: [h, w, c], range: [...range], fit, interpolation },
    output: "features",
    features: widthOf(model),
    pretraining: { method: method.name, images: data.length, epochs, imagesSeen: seen },
  };
}
