import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { ScaffoldModel, Step, Weight } from "@regimen/core";

/**
 * The model with a moving average of its weights, which labels. The average is state of the step, so that a training that
 * is resumed has it; `twin` is where it works.
 */
export class Teacher {
  readonly #twin: Pick<ScaffoldModel, "forward" | "weights">;
  readonly #decay: number;

  /** `decay`: 0 (the model's own last weights) to below 1. `twin` stays the caller's. */
  constructor(twin: Pick<ScaffoldModel, "forward" | "weights">, decay: number) {
    [this.#twin, this.#decay] = [twin, decay];
  }

  /** Its probabilities [n, classes] for images [n, h, w, c], in inference mode. */
  answer(images: Tensor4D, step: Step): Tensor2D {
    // A product, since two variables must not share what a kernel may update in place.
    for (const weight of this.#twin.weights) weight.variable.assign(tf.mul(this.#average(weight, step), 1));
    return tf.softmax(this.#twin.forward(images, { training: false }).outputs as Tensor2D);
  }

  /** Once a step, with the new weights. Early averages are short, so that they forget where the training began. */
  follow(weights: readonly Weight[], step: Step): void {
    const decay = tf.minimum(this.#decay, tf.div(tf.add(step.index, 1), tf.add(step.index, 10)));
    const twins = new Map(this.#twin.weights.map((weight) => [weight.name, weight]));
    for (const { name, variable } of weights) {
      const twin = twins.get(name);
      if (!twin) continue;
      const average = this.#average(twin, step);
      average.assign(tf.add(variable, tf.mul(decay, tf.sub(average, variable))) as Tensor);
    }
  }

  #average({ name, variable }: Weight, step: Step) {
    return step.state(`teacher/${name}`, () => tf.clone(variable));
  }
}
