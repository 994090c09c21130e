import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Scalar, Tensor, Tensor1D, Variable } from "@tensorflow/tfjs-core";
import { normal, uniform } from "@regimen/ops";
import { RegimenError, salt, type Grads, type Optimizer, type Step, type Weight } from "@regimen/contracts";
import { feedTensors, group, type Feed } from "./feed.ts";

/** The tensors that live through a stage, by "<technique>/<name>". */
export class StageState {
  readonly states = new Map<string, Variable>();

  /** `own` hears of a variable that is made. */
  state(name: string, initial: () => Tensor, own?: (variable: Variable) => void): Variable {
    const known = this.states.get(name);
    if (known) return known;
    // Trainable, since a technique may minimize over a state: a projector, a prompt.
    const variable = tf.tidy(() => tf.variable(initial()));
    try {
      own?.(variable);
    } catch (error) {
      variable.dispose();
      throw error;
    }
    this.states.set(name, variable);
    return variable;
  }

  dispose(): void {
    for (const variable of this.states.values()) variable.dispose();
    this.states.clear();
  }
}

/** Where a step's states are kept and its logs go. */
export interface Around {
  readonly state: StageState;
  own?(variable: Variable): void;
  /** Names are "<technique>/<name>". */ log?(name: string, value: Scalar): void;
}

/** The step as nobody's in particular: what the fit loop, layers and stages use. `inputs`: of `feedTensors`. Call within a tidy. */
export function stepFrom(inputs: NamedTensorMap, { state, own, log }: Around): Step {
  const { index, progress, epoch, seed } = inputs;
  const rates = group<Scalar>(inputs, "rate");
  const views = new Map<string, Step>();
  const seeded = (name: string): Tensor1D => tf.add(seed!, tf.tensor1d([0, salt(name)], "int32"));

  const view = (scope: string): Step => {
    const scoped = (name: string): string => (scope ? `${scope}/${name}` : name);
    const step: Step = {
      fed: group(inputs, "draw", scope),
      index: index as Scalar,
      progress: progress as Scalar,
      epoch: epoch as Scalar,
      rate: (part = "default") => rates[part] ?? rates["default"]!,
      uniform: (name, shape) => uniform(seeded(scoped(name)), shape),
      normal: (name, shape) => normal(seeded(scoped(name)), shape),
      state: (name, initial) => state.state(scoped(name), initial, own),
      of: (name) => {
        if (!views.has(name)) views.set(name, view(name));
        return views.get(name)!;
      },
      gradients,
      minimize: (loss, weights, optimizer) => minimize(loss, weights, optimizer, step),
      log: (name, value) => log?.(scoped(name), value),
    };
    return step;
  };
  return view("");
}

/** A step that is not recorded. Call within a tidy. */
export const createStep = (feed: Feed, state: StageState): Step => stepFrom(feedTensors(feed), { state });

function gradients(loss: () => Scalar, weights: readonly Weight[]): Grads {
  const open = weights.filter((weight) => weight.role !== "statistic");
  const found = tf.variableGrads(
    loss,
    open.map((weight) => weight.variable),
  );
  const reached = found.grads as Partial<NamedTensorMap>;
  const by = open.flatMap((weight) => {
    const gradient = reached[weight.variable.name];
    return gradient ? [[weight.name, gradient] as const] : [];
  });
  return { loss: found.value, by: Object.fromEntries(by) };
}

function minimize(
  loss: Parameters<Step["minimize"]>[0],
  weights: readonly Weight[],
  optimizer: Optimizer,
  step: Step,
): Scalar {
  const open = weights.filter((weight) => weight.role !== "statistic");
  const direction = optimizer((how) => gradients(() => loss(how), open), open, step);
  for (const weight of open) {
    const move = direction.by[weight.name];
    if (!move) continue;
    if (!tf.util.arraysEqual(move.shape, weight.variable.shape))
      throw new RegimenError(
        "REG_HOOK",
        `an optimizer gave a direction of shape [${move.shape}] for ${weight.name}, which has [${weight.variable.shape}]`,
      );
    weight.variable.assign(tf.sub(weight.variable, tf.mul(step.rate(weight.part), move)));
  }
  return direction.loss;
}
