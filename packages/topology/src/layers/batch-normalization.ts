import { RegimenError, type Step } from "@regimen/contracts";
import { batchNormTrain } from "@regimen/ops";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { modeOf, only, text, type Kwargs, type LayerConfig, type Text } from "./kwargs.ts";

/** What of tfjs' layer is read here; its declarations call these private. */
type Base = tfl.layers.Layer & {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: tfl.LayerVariable;
  readonly beta?: tfl.LayerVariable;
  readonly movingMean: tfl.LayerVariable;
  readonly movingVariance: tfl.LayerVariable;
};

type BatchNormalizationConfig = LayerConfig & {
  /** Instead of the layer's own momentum: the technique whose draw `fed` holds it, as a Tensor1D of length 1. */
  readonly owner?: Text;
  readonly fed?: Text;
};
type LayerClass<L extends tfl.layers.Layer> = tf.serialization.SerializableConstructor<L> &
  (new (config: BatchNormalizationConfig) => L);

/**
 * Batch normalisation of tfjs (same config, same weights, same inference) whose training runs through the fast primitive.
 * While training, moving ← moving − (moving − batch)·(1 − momentum) with the batch's *biased* variance, as tfjs and Keras 3
 * have it (PyTorch and TensorFlow's fused kernel store the unbiased one); `statistics: false` leaves them as they are, "replace" puts the batch's in
 * their place.
 * A frozen layer (`trainable: false`) uses its moving statistics in training too, as Keras does since version 2.
 *
 * A function, since tfjs does not export the class that is extended: importing this file calls nothing.
 */
export function batchNormalizationClass(): LayerClass<Base> {
  const Inner = tfl.layers.batchNormalization({}).constructor as unknown as LayerClass<Base>;

  return class BatchNormalization extends Inner {
    static override readonly className = "Regimen>BatchNormalization";
    readonly #owner: string | undefined;
    readonly #fed: string | undefined;

    constructor(config: BatchNormalizationConfig) {
      super(config);
      this.#owner = text(config.owner);
      this.#fed = text(config.fed);
    }

    override build(shape: Parameters<Base["build"]>[0]): void {
      const rank = (shape as tfl.Shape).length;
      // Python's Keras writes the axis as a list of one, which JavaScript takes for a number as often as not.
      const axis = Number(this.axis);
      if (axis !== -1 && axis !== rank - 1)
        throw new RegimenError(
          "REG_MODEL_UNSUPPORTED",
          `the layer "${this.name}" normalises axis ${axis} of ${rank}; expected the last: tfjs computes others wrongly on its cpu and wasm backends`,
        );
      super.build(shape);
    }

    override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor | tf.Tensor[] {
      const mode = modeOf(kwargs);
      if (!mode.training || !this.trainable) return super.call(inputs, { ...kwargs, training: false });
      return tf.tidy(() => {
        const { y, mean, variance } = batchNormTrain(
          only(inputs),
          (this.gamma?.read() ?? null) as tf.Tensor1D | null,
          (this.beta?.read() ?? null) as tf.Tensor1D | null,
          this.epsilon,
        );
        if (mode.statistics !== false) {
          const momentum = mode.statistics === "replace" ? 0 : warmed(this.#momentumIn(mode.step), mode.step);
          move(this.movingMean, mean, momentum);
          move(this.movingVariance, variance, momentum);
        }
        return y;
      });
    }

    #momentumIn(step: Step | undefined): number | tf.Tensor {
      const mine = step && this.#owner !== undefined ? (step.of(this.#owner) as Step | undefined) : undefined;
      const fed = this.#fed === undefined ? undefined : mine?.fed[this.#fed];
      return fed ? tf.reshape(fed, []) : this.momentum;
    }

    override getConfig(): tf.serialization.ConfigDict {
      return {
        ...super.getConfig(),
        owner: this.#owner === undefined ? null : { name: this.#owner },
        fed: this.#fed === undefined ? null : { name: this.#fed },
      };
    }
  };
}

/**
 * In the first steps the averages still hold what they began with: Keras' momentum of 0.99 needs hundreds of steps to forget
 * it, and short trainings would be judged by it. So the momentum grows from 0.1 as (1 + t) / (10 + t) until it is reached,
 * as TensorFlow's moving averages do when they are told the step.
 */
const warmed = (momentum: number | tf.Tensor, step: Step | undefined): number | tf.Tensor =>
  step ? tf.minimum(momentum, tf.div(tf.add(step.index, 1), tf.add(step.index, 10))) : momentum;

function move(moving: tfl.LayerVariable, batch: tf.Tensor, momentum: number | tf.Tensor): void {
  if (momentum === 0) {
    moving.write(batch);
    return;
  }
  const old = moving.read();
  moving.write(tf.sub(old, tf.mul(tf.sub(old, batch), tf.sub(1, momentum))));
}
