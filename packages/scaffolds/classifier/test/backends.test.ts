import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import { createRng } from "@regimen/core";
import { smallCnn } from "@regimen/models";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { classifier } from "../src/index.ts";
import { batchOf, CLASSES, format, how, imagesOf, labelsOf, step } from "./fixtures.ts";

/** Losses of a few steps of gradient descent, then the answers of the plain model. */
async function trained(): Promise<number[]> {
  const rng = createRng(3);
  const model = smallCnn.build({ format, classes: CLASSES, seeds: () => rng.int(2 ** 31), with: { width: 0.5 } });
  const wrapped = await classifier.wrap(model, how({ normalization: { mean: [127, 127], std: [70, 70] } }));
  const [images, labels] = [imagesOf(12), labelsOf(12)];
  const variables = wrapped.weights.filter(({ role }) => role !== "statistic").map(({ variable }) => variable);
  const losses = Array.from({ length: 6 }, () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(
        () => tf.mean(wrapped.loss(wrapped.forward(images, { training: true, step }), batchOf(images, labels), step)),
        variables,
      );
      for (const variable of variables) variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.05)));
      return value.dataSync()[0]!;
    }),
  );
  const plain = await wrapped.plain();
  const answers = tf.tidy(() => [...(plain.predict(images) as tf.Tensor).dataSync()]);
  tf.disposeVariables();
  tf.dispose([images, labels]);
  return [...losses, ...answers];
}

test("small-cnn trains alike on cpu and on WebAssembly, from the same weights", async () => {
  await tf.setBackend("cpu");
  const reference = await trained();
  await wasm.load();
  const [first, ...rest] = await trained();
  expect(first).toBeCloseTo(reference[0]!, 5);
  rest.forEach((value, i) => expect(value).toBeCloseTo(reference[i + 1]!, 3));
  expect(rest[4]!).toBeLessThan(first! / 2);
});
