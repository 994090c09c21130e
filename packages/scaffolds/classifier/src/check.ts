import { RegimenError, type ImageFormat } from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

/**
 * How many values the model answers with: one for each class, or one in all for the second of two that exclude each other.
 * Errors: REG_MODEL_INPUT, REG_MODEL_OUTPUT. Sides that the model leaves open (null) fit every image.
 */
export function checkShapes(model: LayersModel, format: ImageFormat, classes: number, several: boolean): number {
  const { h, w, c } = format;
  const input = model.inputs[0]!.shape.slice(1);
  if (input.length !== 3 || ![h, w, c].every((side, i) => input[i] === null || input[i] === side))
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model "${model.name}" takes [${written(input)}] and the images are [${h}, ${w}, ${c}] (height, width, channels); build it with inputShape [${h}, ${w}, ${c}], or read the images in the model's size`,
    );
  const output = model.outputs[0]!.shape.slice(1);
  const columns = classes === 2 && output[0] === 1 && !several ? 1 : classes;
  if (output.length !== 1 || output[0] !== columns)
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model "${model.name}" answers with [${written(output)}] and the data has ${classes} classes; expected [${classes}]: end it with a dense layer of ${classes} units`,
    );
  return columns;
}

function written(shape: readonly (number | null)[]): string {
  return shape.map((side) => side ?? "any").join(", ");
}
