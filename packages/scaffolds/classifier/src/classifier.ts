import { RegimenError, type Scaffold, type ScaffoldModel, type WrapOptions } from "@regimen/core";
import { toLogits, toSigmoids, trainingOf } from "@regimen/topology";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { checkShapes } from "./check.ts";
import { ClassifierExaminer } from "./examiner.ts";
import { ClassifierMeter } from "./meter.ts";
import { classifierModel } from "./model.ts";
import { MultilabelMeter } from "./multilabel.ts";

/** Images into classes: into one of several, into one of two, or into as many as they have. */
export const classifier: Scaffold = {
  name: "classifier",
  version: manifest.version,
  tasks: ["classification", "binary_classification", "multilabel_classification"],

  meter(shape, task) {
    return task === "multilabel_classification"
      ? new MultilabelMeter(shape.classes)
      : new ClassifierMeter(shape.classes);
  },

  async wrap(model: LayersModel, how: WrapOptions): Promise<ScaffoldModel> {
    if (!classifier.tasks.includes(how.task))
      throw new RegimenError(
        "REG_TASK",
        `the classifier got the task "${how.task}"; expected ${classifier.tasks.join(", ")}: choose a scaffold for that task`,
      );
    const several = how.task === "multilabel_classification";
    const independent = checkShapes(model, how.format, how.classes, several) === 1 || several;
    const training = await trainingOf(
      model,
      how,
      (topology) => toLogits(topology, { independent }),
      (plain) => (several ? toSigmoids(plain) : plain),
    );
    return classifierModel(training, how.format, several);
  },

  examine({ model, task, format, classes, thresholds }) {
    if (task === "classification") return undefined;
    const several = task === "multilabel_classification";
    checkShapes(model, format, classes.length, several);
    return new ClassifierExaminer(model, classes, several, thresholds);
  },
};
