import type { Mode } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };

/**
 * Whole branches of `x` [n, …] set to 0, the others divided by the probability that they stay, 1 − `rate`.
 * `uniform`: [n] for a draw an example, [1] for one a batch, in [0, 1). `rate`: [1], in [0, 1). Rate 0 changes nothing, to the bit.
 */
export function dropBranch(x: Tensor, uniform: Tensor1D, rate: Tensor): Tensor {
  const kept = tf.cast(tf.greaterEqual(uniform, rate), "float32");
  const factor = tf.div(kept, tf.sub(1, rate));
  return tf.mul(x, tf.reshape(factor, [-1, ...x.shape.slice(1).map(() => 1)]));
}

/** How deep a block stands, 0..1, and how its branch is drawn. */
export type BranchDropConfig = { name?: string; readonly depth: number; readonly per: string };

/**
 * At the end of a residual branch. Its rate is `depth` times what the technique is fed, its mask is the step's: fresh in each
 * step, the same in each replay. Without a step or training: the identity.
 */
export class BranchDrop extends tfl.layers.Layer {
  static readonly className = "Regimen>BranchDrop";
  readonly #depth: number;
  readonly #per: string;

  constructor(config: BranchDropConfig) {
    super(config);
    this.#depth = config.depth;
    this.#per = config.per;
    this.supportsMasking = true;
  }

  override call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    const { training, step } = kwargs as Partial<Mode>;
    const mine = training ? step?.of(manifest.name) : undefined;
    const drop = mine?.fed["drop"];
    if (!mine || !drop) return x;
    return tf.tidy(() => {
      const draws = this.#per === "batch" ? 1 : x.shape[0]!;
      return dropBranch(x, mine.uniform(this.name, [draws]) as Tensor1D, tf.mul(drop, this.#depth));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), depth: this.#depth, per: this.#per };
  }
}
