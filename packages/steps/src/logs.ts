import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor } from "@tensorflow/tfjs-core";

/** Numbers of many steps, read back together. */
export class Logs {
  readonly #values = new Map<string, Tensor[]>();

  /** Takes over the tensors. */
  add(values: NamedTensorMap): void {
    for (const [name, value] of Object.entries(values)) {
      const values = this.#values.get(name);
      if (values) values.push(value);
      else this.#values.set(name, [value]);
    }
  }

  /** Sums since the last call: the one host read of an interval. */
  async read(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const [name, values] of this.#values) {
      const all = tf.stack(values as Scalar[]);
      tf.dispose(values);
      let sum = 0;
      for (const value of await all.data()) sum += value;
      sums[name] = sum;
      all.dispose();
    }
    this.#values.clear();
    return sums;
  }

  dispose(): void {
    for (const values of this.#values.values()) tf.dispose(values);
    this.#values.clear();
  }
}
