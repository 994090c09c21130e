import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { roundWeights, toSavedModel } from "@regimen/export";
import { writeMetadata } from "./files.ts";
import type { Target } from "./target.ts";

/** A SavedModel in a folder of its own, with `metadata.json` beside that. Errors: REG_MODEL_*. */
export const exportSavedModel: Target = async ({ metadata, out, shown, weights, load }) => {
  const model = await load();
  try {
    await mkdir(join(out, "saved_model"));
    await writeFile(join(out, "saved_model", "saved_model.pb"), toSavedModel(model, { weights }));
  } finally {
    model.dispose();
  }
  await writeMetadata(out, metadata);
  return {
    files: [join("saved_model", "saved_model.pb"), "metadata.json"],
    next: [
      `tf.saved_model.load("${join(shown, "saved_model")}").signatures["serving_default"]; images [n, h, w, c] as floats`,
    ],
    async smaller() {
      const rounded = await load();
      roundWeights(rounded, weights);
      return rounded;
    },
  };
};
