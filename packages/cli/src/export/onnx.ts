import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OPSET, roundWeights, toOnnx } from "@regimen/export";
import { writeMetadata } from "./files.ts";
import type { Target } from "./target.ts";

/** `model.onnx`, with the classes and the images' size as its metadata. Errors: REG_MODEL_*. */
export const exportOnnx: Target = async ({ metadata, out, shown, weights, load }) => {
  const { classes, input, output = "probabilities" } = metadata;
  const notes = { classes: JSON.stringify(classes), input: JSON.stringify(input), output };
  const model = await load();
  try {
    await writeFile(join(out, "model.onnx"), toOnnx(model, { weights, notes }));
  } finally {
    model.dispose();
  }
  await writeMetadata(out, metadata);
  return {
    files: ["model.onnx", "metadata.json"],
    next: [
      `onnxruntime.InferenceSession("${join(shown, "model.onnx")}") (opset ${OPSET}); images [n, h, w, c] as floats`,
    ],
    async smaller() {
      const rounded = await load();
      roundWeights(rounded, weights);
      return rounded;
    },
  };
};
