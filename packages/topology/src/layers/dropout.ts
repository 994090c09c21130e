import type { Step } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { drawing, only, text, type Kwargs, type LayerConfig, type Text } from "./kwargs.ts";

type DropoutConfig = LayerConfig & {
  /** 0..1; what the user's own layer says. */ readonly rate?: number;
  /** Instead of `rate`: the technique whose draw `fed` holds it, as a Tensor1D of length 1 with a value in [0, 1). */
  readonly owner?: Text;
  readonly fed?: Text;
  /** One mask for several elements: length 1 where they share it, null where the input's own length counts. */
  readonly noiseShape?: readonly (number | null)[] | null;
};

/**
 * Dropout (Srivastava et al. 2014), inverted: what is kept is divided by 1 − rate. The mask comes from the step, so it is
 * fresh in each step, the same in each replay, and drawn on the device. Without a step or training: the identity.
 */
export class Dropout extends tfl.layers.Layer {
  static readonly className = "Regimen>Dropout";
  readonly #rate: number;
  readonly #owner: string | undefined;
  readonly #fed: string | undefined;
  readonly #noiseShape: readonly (number | null)[] | undefined;

  constructor(config: DropoutConfig) {
    super(config);
    this.#rate = config.rate ?? 0;
    this.#owner = text(config.owner);
    this.#fed = text(config.fed);
    this.#noiseShape = config.noiseShape ?? undefined;
    this.supportsMasking = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    const x = only(inputs);
    const step = drawing(kwargs);
    const mine = step && (this.#owner === undefined ? step : (step.of(this.#owner) as Step | undefined));
    const rate = mine && this.#rateIn(mine);
    if (!mine || rate === undefined) return x;
    return tf.tidy(() => {
      const uniform = mine.uniform(this.name, this.#maskShape(x.shape));
      const kept = tf.cast(tf.greaterEqual(uniform, rate), "float32");
      return tf.mul(x, tf.div(kept, tf.sub(1, rate)));
    });
  }

  #rateIn(step: Step): number | tf.Tensor | undefined {
    if (this.#fed !== undefined) return step.fed[this.#fed];
    // As tfjs' own layer: outside of (0, 1) nothing is dropped.
    return this.#rate > 0 && this.#rate < 1 ? this.#rate : undefined;
  }

  #maskShape(shape: readonly number[]): number[] {
    return shape.map((length, axis) => this.#noiseShape?.[axis] ?? length);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      rate: this.#rate,
      owner: this.#owner === undefined ? null : { name: this.#owner },
      fed: this.#fed === undefined ? null : { name: this.#fed },
      noiseShape: this.#noiseShape ? [...this.#noiseShape] : null,
    };
  }
}
