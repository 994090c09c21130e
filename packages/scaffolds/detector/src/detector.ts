import { RegimenError, type Scaffold, type ScaffoldModel, type WrapOptions } from "@regimen/core";
import { trainingOf } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { detect, MOST } from "./detections.ts";
import { drawBoxes } from "./draw.ts";
import { DetectorExaminer } from "./examiner.ts";
import { BOX, withHead } from "./head.ts";
import { DetectorMeter } from "./meter.ts";
import { detectorModel } from "./model.ts";

/** Where in a picture things are, and of which class: boxes. */
export const detector: Scaffold = {
  name: "detector",
  version: manifest.version,
  tasks: ["detection"],

  meter(shape) {
    return new DetectorMeter(shape.classes);
  },

  examine({ model, format, classes, thresholds }) {
    const output = model.outputs[0]!.shape;
    if (model.outputs.length !== 1 || output.length !== 4 || output[3] !== classes.length + BOX)
      throw new RegimenError(
        "REG_MODEL_OUTPUT",
        `the model answers with [${output.slice(1).join(", ")}] and the data has ${classes.length} classes; expected a map [rows, columns, ${classes.length + BOX}], as a detector trained on these classes gives`,
      );
    return new DetectorExaminer(classes, format, thresholds);
  },

  draw({ rows, answers, format, thresholds }) {
    return drawBoxes(rows, answers[0] as Tensor4D, format, thresholds);
  },

  async answer({ answers, format }) {
    const found = detect(answers[0] as Tensor4D, format);
    const [at, scores, classes] = await Promise.all([found.boxes.data(), found.scores.data(), found.classes.data()]);
    tf.dispose([found.boxes, found.scores, found.classes]);
    return Array.from({ length: scores.length / MOST }, (_, image) => ({
      boxes: Array.from({ length: MOST }, (__, i) => image * MOST + i).flatMap((slot) =>
        scores[slot]! > 0
          ? [{ at: Array.from(at.subarray(4 * slot, 4 * slot + 4)), class: classes[slot]!, score: scores[slot]! }]
          : [],
      ),
    }));
  },

  async wrap(model: LayersModel, how: WrapOptions): Promise<ScaffoldModel> {
    if (!detector.tasks.includes(how.task))
      throw new RegimenError(
        "REG_TASK",
        `the detector got the task "${how.task}"; expected ${detector.tasks.join(", ")}: choose a scaffold for that task`,
      );
    const headed = await withHead(model, how);
    try {
      return detectorModel(await trainingOf(headed, how, (topology) => topology), how.format);
    } finally {
      if (headed !== model) headed.dispose();
    }
  },
};
