import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  RegimenError,
  createRng,
  nearest,
  type ModelInput,
  type Params,
  type Regimen,
  type Source,
  loadModel,
} from "@regimen/core";
import type { LayersModel, SymbolicTensor } from "@tensorflow/tfjs-layers";
import * as tfl from "@tensorflow/tfjs-layers";
import type { Config } from "../config/types.ts";
import { readJson } from "./folder.ts";

type Model = NonNullable<Config["model"]>;

/** `dispose` frees a model that was read from a file; a named architecture is built, and freed, by the job. */
export type ChosenModel = {
  readonly input: ModelInput;
  readonly name: string;
  readonly parameters: number;
  readonly dispose: () => void;
};

/** Errors: REG_MODEL_ARCHITECTURE, REG_MODEL_UNREADABLE. */
export async function chooseModel(
  asked: Model,
  regimen: Regimen,
  train: Pick<Source, "format" | "classes">,
): Promise<ChosenModel> {
  if ("path" in asked) {
    const file = modelFile(asked.path);
    const model = headed(await loadModel(file), file, train.classes.length);
    const name = basename(asked.path) === "model.json" ? basename(dirname(file)) : basename(asked.path);
    return {
      input: { model, weights: asked.weights ?? "keep", name },
      name,
      parameters: model.countParams(),
      dispose: () => void model.dispose(),
    };
  }
  const { architecture: name, with: options } = asked;
  return {
    input: { architecture: name, ...(options && { with: options }) },
    name,
    parameters: countParameters(name, options ?? {}, regimen, train),
    dispose: () => {},
  };
}

/** A backbone that `regimen pretrain` saved gets a head for these classes, and is part of the answer; any other model stays as it is. */
function headed(model: LayersModel, file: string, classes: number): LayersModel {
  const metadata = readJson(join(dirname(file), "metadata.json"), () => undefined as never);
  if ((metadata as { readonly output?: string } | undefined)?.output !== "features") return model;
  const kernelInitializer = tfl.initializers.glorotUniform({ seed: 1 });
  const head = tfl.layers.dense({ name: "classes", units: classes, activation: "softmax", kernelInitializer });
  return tfl.model({ inputs: model.inputs, outputs: head.apply(model.outputs) as SymbolicTensor, name: model.name });
}

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
export function suited({ format: { h, w }, length }: Source): string[] {
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
