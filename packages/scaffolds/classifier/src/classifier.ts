import { RegimenError, type Scaffold, type ScaffoldModel, type Topology, type WrapOptions } from "@regimen/core";
import {
  copyWeights,
  initialise,
  modelOf,
  residuals,
  topologyOf,
  trainable,
  uninitialised,
  withoutTraining,
} from "@regimen/topology";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { checkShapes } from "./check.ts";
import { toLogits } from "./logits.ts";
import { ClassifierMeter } from "./meter.ts";
import { classifierModel } from "./model.ts";
import { withNormalization } from "./normalization.ts";

/** Images into classes that exclude each other. */
export const classifier: Scaffold = {
  name: "classifier",
  version: manifest.version,
  tasks: ["classification"],

  meter(shape) {
    return new ClassifierMeter(shape.classes);
  },

  async wrap(model: LayersModel, how: WrapOptions): Promise<ScaffoldModel> {
    if (!classifier.tasks.includes(how.task))
      throw new RegimenError(
        "REG_TASK",
        `the classifier got the task "${how.task}"; expected ${classifier.tasks.join(", ")}: choose a scaffold for that task`,
      );
    const original = topologyOf(model);
    checkShapes(model, how.format, how.classes);
    const rewritten = how.hooks.reduce<Topology>((topology, hooks) => hooks.rewrite?.(topology) ?? topology, original);
    const normalised = withNormalization(rewritten, how.normalization);
    const training = trainable(toLogits(normalised));
    const built = await build(training, model, untouched(original, rewritten), how);
    const facts = [
      ...(residuals(original).length ? ["residual"] : []),
      ...(hasBatchNorm(original) ? ["batch-norm"] : []),
    ];
    const plain = withoutTraining(normalised, original);
    return classifierModel({ built, features: training.features, plain, format: how.format, facts });
  },
};

async function build(
  topology: Topology,
  model: LayersModel,
  copied: ReadonlySet<string>,
  { rng }: WrapOptions,
): Promise<LayersModel> {
  const outputs = [...new Set([topology.features, topology.outputs[0]!])];
  const built = await modelOf(uninitialised(initialise(topology, rng), copied), { outputs });
  try {
    copyWeights(model, built, { every: "source" });
  } catch (error) {
    built.dispose();
    throw error;
  }
  return built;
}

/** Layers that no rewrite changed: all their weights come from the user's model. */
function untouched(original: Topology, rewritten: Topology): ReadonlySet<string> {
  const configs = new Map(original.layers.map((layer) => [layer.name, layer.config]));
  return new Set(
    rewritten.layers.filter((layer) => configs.get(layer.name) === layer.config).map((layer) => layer.name),
  );
}

function hasBatchNorm(topology: Topology): boolean {
  return topology.layers.some((layer) => layer.className === "BatchNormalization");
}
