import * as tf from "@tensorflow/tfjs-core";
import type { Scaffold } from "@regimen/core";
import { wasm } from "@regimen/backend-wasm";
import { classifier } from "@regimen/scaffold-classifier";
import { packageLaws, techniqueLaws } from "@regimen/testkit";
import { beforeAll, describe, test } from "vitest";
import { labelSmoothing, labelSmoothingMultilabel } from "../src/index.ts";

beforeAll(() => wasm.load());

/** The classifier with a yes-or-no loss for each class. */
const severalLabels: Scaffold = {
  ...classifier,
  tasks: ["multilabel_classification"],
  async wrap(model, how) {
    const wrapped = await classifier.wrap(model, { ...how, task: "classification" });
    return Object.assign(wrapped, {
      loss: ((seen, { labels }) => {
        const z = seen.outputs;
        const above = tf.log1p(tf.exp(tf.neg(tf.abs(z))));
        return tf.mean(tf.add(tf.sub(tf.relu(z), tf.mul(z, labels)), above), 1) as tf.Tensor1D;
      }) satisfies typeof wrapped.loss,
    });
  },
};

packageLaws(new URL("..", import.meta.url), { describe, test });
techniqueLaws(labelSmoothing, { describe, test });
techniqueLaws(labelSmoothingMultilabel, { describe, test }, { scaffold: severalLabels });
