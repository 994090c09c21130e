import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Variable } from "@tensorflow/tfjs-core";
import type { Program, Recorder, Recording } from "@regimen/core";
import { Sessions, type Session } from "./session.ts";
import type { TensorFlow } from "./tensorflow.ts";
import { traced, type Cell, type Traced } from "./trace.ts";

/** Records a program as one TensorFlow graph, whose variables live in TensorFlow between runs. */
export function recorderFor(backend: TensorFlow): Recorder {
  const sessions = new Sessions(backend);
  return (example: NamedTensorMap, program: Program) => {
    sessions.sync();
    const trace = traced(backend, example, program);
    return new Captured(backend, sessions.open(trace), trace);
  };
}

class Captured implements Recording {
  readonly #backend: TensorFlow;
  readonly #session: Session;
  readonly #trace: Traced;
  /** The data that each variable had when it was last the same as the session's. */
  #known: (object | undefined)[] = [];
  /** Whether runs have assigned since. */ #stale = false;

  constructor(backend: TensorFlow, session: Session, trace: Traced) {
    [this.#backend, this.#session, this.#trace] = [backend, session, trace];
  }

  run(inputs: NamedTensorMap): NamedTensorMap {
    const session = this.#session;
    if (session.owner !== this) {
      session.owner?.sync();
      this.#push();
      session.owner = this;
    } else if (this.#trace.cells.some(({ of }, at) => dataOf(of) !== this.#known[at])) {
      this.sync();
      this.#push();
    }
    const given = this.#trace.inputs.map(({ name }) => inputs[name]!);
    const made = session.run(this.#backend.getInputTensorIds(given));
    this.#stale = true;
    return Object.fromEntries(
      this.#trace.outputs.map(({ name }, at) => [name, this.#backend.createOutputTensor(made[at]!)]),
    );
  }

  sync(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const pulled = this.#session.pull();
    for (const [at, { of, next }] of this.#trace.cells.entries()) {
      if (!next) continue;
      const value = this.#backend.createOutputTensor(pulled.shift()!);
      // What JavaScript has assigned meanwhile is the later value, and the next run takes it up.
      if (dataOf(of) === this.#known[at] && !(of as Variable).isDisposed) {
        (of as Variable).assign(value);
        this.#known[at] = dataOf(of);
      }
      value.dispose();
    }
  }

  dispose(): void {
    for (const { of } of this.#trace.cells) if (!(of instanceof tf.Variable)) this.#backend.binding.deleteTensor(of.id);
    if (this.#session.owner === this) this.#session.owner = undefined;
    this.#session.users--;
  }

  #push(): void {
    const { cells } = this.#trace;
    this.#session.push(
      cells.map(({ of }) => (of instanceof tf.Variable ? this.#backend.getInputTensorIds([of])[0]! : of.id)),
    );
    this.#known = this.#trace.cells.map(({ of }) => dataOf(of));
  }
}

const dataOf = (of: Cell["of"]): object | undefined => (of instanceof tf.Variable ? of.dataId : undefined);
