import type { Topology, WrapOptions } from "@regimen/contracts";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { modelOf } from "./build.ts";
import { initialise, uninitialised } from "./initialise.ts";
import { withNormalization } from "./normalization.ts";
import { topologyOf } from "./read.ts";
import { residuals } from "./residuals.ts";
import { trainable, withoutTraining } from "./trainable.ts";
import { copyWeights } from "./weights.ts";

/** A user's model made ready for a scaffold's training. */
export type Training = {
  /** Outputs: what the head reads and what it answers, or one that is both. The caller owns it. */
  readonly built: LayersModel;
  /** The layer that the head reads. */ readonly features: string;
  /** What is handed back: the user's layers and endings, and what techniques left of tfjs' own. */
  readonly plain: Topology;
  readonly facts: readonly string[];
};

/** What every scaffold's model ends with: the plain model, with the weights as they are, and freeing the training model's. */
export const handingBack = ({ built, plain }: Training) => ({
  async plain(): Promise<LayersModel> {
    const model = await modelOf(plain);
    copyWeights(built, model);
    return model;
  },
  dispose(): void {
    built.dispose();
  },
});

/**
 * What every scaffold does: reads the graph, has techniques rewrite it, normalises the images, swaps layers that cannot be
 * recorded, builds, and copies the user's weights. `end` changes the training model's last layer (to logits, say); `close`
 * that of the plain one. Errors: REG_MODEL_*, REG_HOOK.
 */
export async function trainingOf(
  model: LayersModel,
  { hooks, normalization, rng }: WrapOptions,
  end: (topology: Topology) => Topology,
  close: (topology: Topology) => Topology = (topology) => topology,
): Promise<Training> {
  const original = topologyOf(model);
  const rewritten = hooks.reduce<Topology>((topology, hook) => hook.rewrite?.(topology) ?? topology, original);
  const normalised = withNormalization(rewritten, normalization);
  const training = trainable(end(normalised));
  const outputs = [...new Set([training.features, training.outputs[0]!])];
  const built = await modelOf(uninitialised(initialise(training, rng), untouched(original, rewritten)), { outputs });
  try {
    copyWeights(model, built, { every: "source" });
  } catch (error) {
    built.dispose();
    throw error;
  }
  const facts = [
    ...(residuals(original).length ? ["residual"] : []),
    ...(original.layers.some((layer) => layer.className === "BatchNormalization") ? ["batch-norm"] : []),
  ];
  return { built, features: training.features, plain: close(withoutTraining(normalised, original)), facts };
}

/** Layers that no rewrite changed: all their weights come from the user's model. */
function untouched(original: Topology, rewritten: Topology): ReadonlySet<string> {
  const configs = new Map(original.layers.map((layer) => [layer.name, layer.config]));
  return new Set(
    rewritten.layers.filter((layer) => configs.get(layer.name) === layer.config).map((layer) => layer.name),
  );
}
