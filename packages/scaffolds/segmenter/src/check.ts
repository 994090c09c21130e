import { RegimenError, type ImageFormat } from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";

/**
 * How many values the model answers with at each pixel: one for each class, or one in all for the second of two classes.
 * Errors: REG_MODEL_INPUT, REG_MODEL_OUTPUT. Sides that the model leaves open (null) fit every image.
 */
export function checkShapes(model: LayersModel, { h, w, c }: ImageFormat, classes: number): number {
  const fits = (shape: readonly (number | null)[], expected: readonly number[]): boolean =>
    shape.length === expected.length && expected.every((side, i) => shape[i] === null || shape[i] === side);
  const input = model.inputs[0]!.shape.slice(1);
  if (!fits(input, [h, w, c]))
    throw new RegimenError(
      "REG_MODEL_INPUT",
      `the model "${model.name}" takes [${written(input)}] and the images are [${h}, ${w}, ${c}] (height, width, channels); build it with inputShape [${h}, ${w}, ${c}], or read the images in the model's size`,
    );
  const output = model.outputs[0]!.shape.slice(1);
  const columns = classes === 2 && output.at(-1) === 1 ? 1 : classes;
  if (model.outputs.length !== 1 || !fits(output, [h, w, columns]))
    throw new RegimenError(
      "REG_MODEL_OUTPUT",
      `the model "${model.name}" answers with [${written(output)}], and segmentation needs [${h}, ${w}, ${classes}], a value for each pixel and class; end it with a 1×1 convolution of ${classes} filters at the images' size, or use the architecture unet`,
    );
  return columns;
}

function written(shape: readonly (number | null)[]): string {
  return shape.map((side) => side ?? "any").join(", ");
}
