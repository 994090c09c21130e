import { readModel, loadParts, writeMetadata, writeModel } from "./files.ts";
import type { Target } from "./target.ts";

/** The `tf.LayersModel` itself, for any tfjs program; with smaller weights, in tfjs' own quantisation. Errors: REG_MODEL_*. */
export const exportTfjs: Target = async ({ model, metadata, out, shown, weights }) => {
  const parts = await readModel(model, weights);
  await writeModel(out, parts);
  await writeMetadata(out, metadata);
  return {
    files: ["model.json", "weights.bin", "metadata.json"],
    next: [`serve ${shown}, and call tf.loadLayersModel(".../model.json")`],
    smaller: () => loadParts(parts),
  };
};
