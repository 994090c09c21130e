import { RegimenError, type Weight } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";

/**
 * Copies weights by their `originalName`. `every: "target"` (unless told): each weight of `to` must be found in `from`;
 * `"source"`: each weight of `from` must arrive in `to`, whose further weights stay as they are. `under`: what stands in front
 * of their names in `to`.
 *
 * Errors: REG_MODEL_UNSUPPORTED with the names that are missing or whose shapes differ; nothing is copied then.
 */
export function copyWeights(
  from: tfl.LayersModel,
  to: tfl.LayersModel,
  how: { readonly every: "source" | "target"; readonly under?: string } = { every: "target" },
): void {
  const sources = new Map(from.weights.map((weight) => [`${how.under ?? ""}${weight.originalName}`, weight]));
  const targets = new Map(to.weights.map((weight) => [weight.originalName, weight]));
  const [asked, there, where] =
    how.every === "target" ? [targets, sources, "source"] : [sources, targets, "built model"];
  const missing = [...asked.keys()].filter((name) => !there.has(name));
  if (missing.length)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `the ${where} has no weights ${missing.join(", ")}; expected all of ${asked.size}: a rewrite of the model must keep the names of its layers`,
    );
  const pairs = [...targets].flatMap(([name, target]) => {
    const source = sources.get(name);
    return source ? [{ name, source, target }] : [];
  });
  const unlike = pairs.filter(({ source, target }) => String(source.shape) !== String(target.shape));
  if (unlike.length)
    throw new RegimenError(
      "REG_MODEL_UNSUPPORTED",
      `weights changed their shape: ${unlike.map(({ name, source, target }) => `${name} got [${source.shape.join(", ")}], expected [${target.shape.join(", ")}]`).join("; ")}`,
    );
  tf.tidy(() => {
    // A product, not the tensor itself: kernels that update in place would reach the other model through a shared buffer.
    for (const { source, target } of pairs) target.write(tf.mul(source.read(), tf.scalar(1, source.dtype)));
  });
}

/**
 * The weights of a model as optimizers and snapshots see them, in the model's order. Layers behind `headFrom` (the topology's
 * `features`) are the part "head", all others "backbone". Moving averages and frozen weights are statistics: no gradient
 * reaches them. The model goes on owning the variables.
 */
export function weightsOf(model: tfl.LayersModel, { headFrom }: { readonly headFrom: string }): readonly Weight[] {
  const head = behind(model, headFrom);
  return model.layers.flatMap((layer) => {
    const frozen = new Set(layer.nonTrainableWeights);
    return layer.weights.map((weight) => ({
      name: weight.originalName,
      // A LayerVariable reads as a tensor, and is a Variable.
      variable: weight.read() as tf.Variable,
      part: head.has(layer.name) ? "head" : "backbone",
      role: frozen.has(weight) ? "statistic" : roleOf(weight),
    }));
  });
}

function roleOf(weight: tfl.LayerVariable): Weight["role"] {
  const last = weight.originalName.slice(weight.originalName.lastIndexOf("/") + 1);
  if (last === "gamma" || last === "beta") return "norm";
  return last.endsWith("bias") || weight.shape.length < 2 ? "bias" : "kernel";
}

function behind(model: tfl.LayersModel, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const layer of model.layers)
    if (
      layer.inboundNodes.some((node) => node.inboundLayers.some((from) => from.name === name || found.has(from.name)))
    )
      found.add(layer.name);
  return found;
}
