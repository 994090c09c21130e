import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  RegimenError,
  createRng,
  nearest,
  type ModelInput,
  type Params,
  type Regimen,
  type Source,
  type Task,
  loadModel,
} from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Config } from "../config/types.ts";
import { withHead, withNewHead } from "./head.ts";
import { readMetadata } from "./metadata.ts";

type Model = NonNullable<Config["model"]>;

/** `dispose` frees a model that was read from a file; a named architecture is built, and freed, by the job. */
export type ChosenModel = {
  readonly input: ModelInput;
  readonly name: string;
  readonly parameters: number;
  /** What the head of the user's model was for, where it got a new one. */ readonly replaced: string | null;
  readonly dispose: () => void;
};

/** Errors: REG_MODEL_ARCHITECTURE, REG_MODEL_UNREADABLE. */
export async function chooseModel(
  asked: Model,
  regimen: Regimen,
  train: Pick<Source, "format" | "classes">,
  task?: Task,
): Promise<ChosenModel> {
  if ("path" in asked) {
    const file = modelFile(asked.path);
    const { model, replaced } = fitted(await loadModel(file), file, train, task);
    const name = basename(asked.path) === "model.json" ? basename(dirname(file)) : basename(asked.path);
    return {
      input: { model, weights: asked.weights ?? "keep", name },
      name,
      parameters: model.countParams(),
      replaced,
      dispose: () => void model.dispose(),
    };
  }
  const { architecture: name, with: options } = asked;
  return {
    input: { architecture: name, ...(options && { with: options }) },
    name,
    parameters: countParameters(name, options ?? {}, regimen, train),
    replaced: null,
    dispose: () => {},
  };
}

/**
 * A backbone that `regimen pretrain` saved gets a head for these classes; a classifier of other classes a new one. Any other model
 * stays as it is.
 */
function fitted(
  model: LayersModel,
  file: string,
  { classes }: Pick<Source, "classes">,
  task: Task | undefined,
): Fitted {
  const metadata = readMetadata(dirname(file));
  const { length } = classes;
  if (metadata?.output === "features") return { model: withHead(model, length), replaced: null };
  const width = model.outputs[0]!.shape.at(-1);
  const known = metadata?.classes;
  const same = known ? isDeepStrictEqual(known, classes) : width === length || (width === 1 && length === 2);
  if (same || task !== "classification") return { model, replaced: null };
  const own = withNewHead(model, length);
  const before = known ? `${known.slice(0, 3).join(", ")}${known.length > 3 ? ", …" : ""}` : `${width} classes`;
  return own ? { model: own, replaced: before } : { model, replaced: null };
}
type Fitted = { readonly model: LayersModel; readonly replaced: string | null };

/** A run's folder, its model/, or a model.json. Errors: REG_MODEL_UNREADABLE. */
export function modelFile(path: string): string {
  const tries = [path, join(path, "model.json"), join(path, "model", "model.json")];
  const file = tries.find((one) => existsSync(one) && statSync(one).isFile());
  if (file !== undefined) return file;
  throw new RegimenError(
    "REG_MODEL_UNREADABLE",
    `${path} holds no model.json; name a run's folder, its model/, or a model.json`,
  );
}

/** Architectures that suit the images, best first: small images in small numbers would be learnt by heart by a large one. */
export function suited({ format: { h, w }, length }: Source, task?: Task): string[] {
  if (task === "semantic_segmentation") return ["unet"];
  if (task === "detection") return ["small-detector"];
  const side = Math.max(h, w);
  if (side <= 32) return length < 20_000 ? ["small-cnn"] : ["resnet20v2", "small-cnn"];
  return [side <= 96 ? "resnet20v2" : "resnet18", "small-cnn"];
}

function countParameters(
  name: string,
  options: Params,
  regimen: Regimen,
  train: Pick<Source, "format" | "classes">,
): number {
  const { architectures } = regimen.registered;
  const architecture = architectures.find((one) => one.name === name);
  if (!architecture) {
    const names = architectures.map((one) => one.name);
    const near = nearest(name, names);
    throw new RegimenError(
      "REG_MODEL_ARCHITECTURE",
      `no installed package offers the architecture "${name}"; ${near ? `the nearest is "${near}"` : `there are ${names.join(", ")}`}`,
    );
  }
  const rng = createRng(0);
  const model = architecture.build({
    format: train.format,
    classes: train.classes.length,
    seeds: () => rng.int(2 ** 31),
    with: options,
  });
  const parameters = model.countParams();
  model.dispose();
  return parameters;
}
