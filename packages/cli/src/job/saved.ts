import { loadModel } from "@regimen/core";
import { dirname, resolve } from "node:path";
import { RegimenError, type ReadHow, type Task } from "@regimen/contracts";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { readMetadata } from "./metadata.ts";
import { modelFile } from "./model.ts";

/** A saved model, and how images are read for it. Without `metadata.json` the classes are not known, and images are cropped to fit. */
export type SavedModel = {
  readonly model: LayersModel;
  readonly classes: readonly string[] | undefined;
  readonly how: Pick<ReadHow, "size" | "fit" | "channels">;
  /** Whether the outputs are logits rather than probabilities. */ readonly logits: boolean;
  readonly task: Task;
  /** By class: from which score on it is answered; undefined where nothing chose any. */
  readonly thresholds: readonly number[] | undefined;
  /** How far its probabilities were off on its test images, where that is known. */ readonly ece: number | null;
};

/** Needs a backend. The caller disposes of `model`. Errors: REG_MODEL_UNREADABLE, REG_MODEL_INPUT, REG_MODEL_OUTPUT. */
export async function openSaved(named: string, cwd: string): Promise<SavedModel> {
  const file = modelFile(resolve(cwd, named));
  const metadata = readMetadata(dirname(file));
  if (metadata?.output === "features")
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `${named} holds a backbone, which answers with features and knows no classes; train a model from it: regimen train DATA --set model.path=${named}`,
    );
  const model = await loadModel(file);
  const [h, w, c] = metadata?.input.shape.slice(-3) ?? model.inputs[0]!.shape.slice(1);
  if (!h || !w || (c !== 1 && c !== 3)) {
    model.dispose();
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model in ${named} takes ${JSON.stringify([h, w, c])}; expected images of a fixed height and width with 1 or 3 channels`,
    );
  }
  return {
    model,
    classes: metadata?.classes,
    how: { size: { h, w }, channels: c, fit: metadata?.input.fit ?? "cover" },
    logits: metadata?.output === "logits",
    task: (metadata?.task as Task | undefined) ?? "classification",
    thresholds: metadata?.thresholds ?? undefined,
    ece: metadata?.test?.ece ?? null,
  };
}
