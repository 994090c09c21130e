import type { Step } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { drawing, only, type Kwargs, type LayerConfig } from "./kwargs.ts";

/** Layers of the user's own that add noise, drawn from the step. Without a step or training: the identity. */
abstract class Noise extends tfl.layers.Layer {
  constructor(config: LayerConfig) {
    super(config);
    this.supportsMasking = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const x = only(inputs);
    const step = drawing(kwargs);
    return step ? tf.tidy(() => this.noisy(x, step)) : x;
  }

  protected abstract noisy(x: tf.Tensor, step: Step): tf.Tensor;
}

/** x + stddev · N(0, 1) */
export class GaussianNoise extends Noise {
  static readonly className = "Regimen>GaussianNoise";
  readonly #stddev: number;

  constructor(config: LayerConfig & { readonly stddev: number }) {
    super(config);
    this.#stddev = config.stddev;
  }

  protected noisy(x: tf.Tensor, step: Step): tf.Tensor {
    return tf.add(x, tf.mul(step.normal(this.name, x.shape), this.#stddev));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), stddev: this.#stddev };
  }
}

abstract class RatedNoise extends Noise {
  protected readonly rate: number;

  constructor(config: LayerConfig & { readonly rate: number }) {
    super(config);
    this.rate = config.rate;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    // As tfjs' own layers: a rate outside of (0, 1) does nothing.
    return this.rate > 0 && this.rate < 1 ? super.call(inputs, kwargs) : only(inputs);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}

/** x · N(1, √(rate / (1 − rate))) */
export class GaussianDropout extends RatedNoise {
  static readonly className = "Regimen>GaussianDropout";

  protected noisy(x: tf.Tensor, step: Step): tf.Tensor {
    const stddev = Math.sqrt(this.rate / (1 - this.rate));
    return tf.mul(x, tf.add(1, tf.mul(step.normal(this.name, x.shape), stddev)));
  }
}

/** Dropout that keeps mean and variance of SELU's output (Klambauer et al. 2017, section 3.3). */
export class AlphaDropout extends RatedNoise {
  static readonly className = "Regimen>AlphaDropout";

  protected noisy(x: tf.Tensor, step: Step): tf.Tensor {
    const kept = tf.cast(tf.greaterEqual(step.uniform(this.name, x.shape), this.rate), "float32");
    const a = ((1 - this.rate) * (1 + this.rate * SELU_FLOOR ** 2)) ** -0.5;
    const b = -a * SELU_FLOOR * this.rate;
    const dropped = tf.add(tf.mul(x, kept), tf.mul(tf.sub(1, kept), SELU_FLOOR));
    return tf.add(tf.mul(dropped, a), b);
  }
}

/** SELU's value at −∞: −λα. */
const SELU_FLOOR = -1.0507009873554805 * 1.6732632423543772;
