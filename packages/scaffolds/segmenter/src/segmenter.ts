import { RegimenError, type Scaffold, type ScaffoldModel, type WrapOptions } from "@regimen/core";
import { givesProbabilities, toLogits, topologyOf, trainingOf } from "@regimen/topology";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { checkShapes } from "./check.ts";
import { drawMasks } from "./draw.ts";
import { chosen } from "./pixels.ts";
import { SegmenterExaminer } from "./examiner.ts";
import { SegmenterMeter } from "./meter.ts";
import { segmenterModel } from "./model.ts";

/** Every pixel into a class. */
export const segmenter: Scaffold = {
  name: "segmenter",
  version: manifest.version,
  tasks: ["semantic_segmentation"],

  meter(shape) {
    return new SegmenterMeter(shape.classes);
  },

  async wrap(model: LayersModel, how: WrapOptions): Promise<ScaffoldModel> {
    if (!segmenter.tasks.includes(how.task))
      throw new RegimenError(
        "REG_TASK",
        `the segmenter got the task "${how.task}"; expected ${segmenter.tasks.join(", ")}: choose a scaffold for that task`,
      );
    const columns = checkShapes(model, how.format, how.classes);
    const training = await trainingOf(model, how, (topology) => toLogits(topology, { independent: columns === 1 }));
    return segmenterModel(training, how.format);
  },

  examine({ model, format, classes }) {
    checkShapes(model, format, classes.length);
    return new SegmenterExaminer(classes, givesProbabilities(topologyOf(model)), format);
  },

  draw({ rows, answers, model, format }) {
    return drawMasks(rows, answers[0] as Tensor4D, !givesProbabilities(topologyOf(model)), format);
  },

  async answer({ answers, model, format: { h, w } }) {
    const numbers = chosen(answers[0] as Tensor4D, !givesProbabilities(topologyOf(model)));
    const values = Uint8Array.from(await numbers.data());
    numbers.dispose();
    return Array.from({ length: values.length / (h * w) }, (_, i) => ({
      mask: values.slice(i * h * w, (i + 1) * h * w),
    }));
  },
};
