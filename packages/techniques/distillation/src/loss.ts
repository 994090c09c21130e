import * as tf from "@tensorflow/tfjs-core";
import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/**
 * What the teachers say, softened: the mean of softmax(logits / T) over the teachers (Hinton 2015, section 2 and equation 1).
 * `teachers`: logits, [n, classes] each. [n, classes], distributions.
 */
export function softTargets(teachers: readonly Tensor2D[], temperature: number): Tensor2D {
  const each = teachers.map((logits) => tf.softmax(tf.div(logits, temperature)) as Tensor2D);
  return each.length === 1 ? each[0]! : tf.mean(tf.stack(each), 0);
}

/**
 * T² · KL(targets ‖ softmax(student / T)), in nats: the T² keeps the size of its gradient as T changes (Hinton 2015, section
 * 2.1). `targets`: of `softTargets` at the same temperature; `student`: logits, [n, classes]. [n]
 */
export function distillationLoss(targets: Tensor2D, student: Tensor2D, temperature: number): Tensor1D {
  const said = tf.logSoftmax(tf.div(student, temperature) as Tensor2D);
  // 0 · log 0 is 0; the least that float32 holds with all its digits is above 1e-38.
  const known = tf.log(tf.maximum(targets, 1e-37));
  return tf.mul(tf.sum(tf.mul(targets, tf.sub(known, said)), 1), temperature ** 2);
}
