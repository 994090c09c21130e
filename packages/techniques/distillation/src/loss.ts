import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";

/**
 * What the teachers say, softened: the mean of softmax(logits / T) over the teachers (Hinton 2015, section 2 and equation 1);
 * of `independent` labels that of sigmoids. `teachers`: logits, [n, classes] each. [n, classes], distributions, or each class
 * a probability of its own.
 */
export function softTargets(teachers: readonly Tensor2D[], temperature: number, independent = false): Tensor2D {
  const each = teachers.map((logits) => {
    const cool = tf.div(logits, temperature) as Tensor2D;
    return independent ? tf.sigmoid(cool) : tf.softmax(cool);
  });
  return each.length === 1 ? each[0]! : tf.mean(tf.stack(each), 0);
}

/**
 * T² · KL(targets ‖ softmax(student / T)), in nats: the T² keeps the size of its gradient as T changes (Hinton 2015, section
 * 2.1). `targets`: of `softTargets` at the same temperature; `student`: logits, [n, classes]. [n]. Of `independent` labels the
 * mean over classes of each one's divergence, as the task's own loss is.
 */
export function distillationLoss(
  targets: Tensor2D,
  student: Tensor2D,
  temperature: number,
  independent = false,
): Tensor1D {
  if (independent) return independentLoss(targets, tf.div(student, temperature), temperature);
  const said = tf.logSoftmax(tf.div(student, temperature) as Tensor2D);
  // 0 · log 0 is 0; the least that float32 holds with all its digits is above 1e-38.
  const known = tf.log(tf.maximum(targets, 1e-37));
  return tf.mul(tf.sum(tf.mul(targets, tf.sub(known, said)), 1), temperature ** 2);
}

function independentLoss(targets: Tensor2D, cool: Tensor2D, temperature: number): Tensor1D {
  const apart = (share: Tensor, logSaid: Tensor): Tensor =>
    tf.mul(share, tf.sub(tf.log(tf.maximum(share, 1e-37)), logSaid));
  const yes = apart(targets, tf.logSigmoid(cool));
  const no = apart(tf.sub(1, targets), tf.logSigmoid(tf.neg(cool)));
  return tf.mul(tf.mean(tf.add(yes, no), 1), temperature ** 2);
}
