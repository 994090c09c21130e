import * as tf from "@tensorflow/tfjs-core";
import type { DataId, DataType, NamedTensorMap, Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import type { Program } from "@regimen/contracts";

/** Where a run keeps one tensor's data: its number among those of the run. */
export type Slot = number;
export interface Use {
  readonly slot: Slot;
  readonly shape: number[];
  readonly dtype: DataType;
}
/** One kernel call. */
export interface Call {
  readonly kernel: string;
  /** An array where the kernel takes one; null where it leaves an input out. */
  readonly inputs: Readonly<Record<string, Use | null>> | readonly Use[];
  readonly attrs: tf.NamedAttrMap;
  readonly outputs: readonly Slot[];
}
export interface Traced {
  readonly slots: number;
  readonly inputs: readonly (readonly [name: string, Slot])[];
  readonly variables: readonly (readonly [Variable, Slot])[];
  /** Data that the recording holds, and gives back. */ readonly constants: readonly (readonly [DataId, Slot])[];
  readonly calls: readonly Call[];
  readonly outputs: readonly (readonly [name: string, Use])[];
  readonly assigned: readonly (readonly [Variable, Use])[];
}

type RunKernel = <T extends Tensor | Tensor[]>(name: string, inputs: tf.NamedTensorMap, attrs?: tf.NamedAttrMap) => T;
/** What of tfjs' engine is watched: every op of every gradient goes through it. */
type Watched = { runKernel: RunKernel };
type Reading = Pick<tf.KernelBackend, "read" | "readSync">;

/**
 * Runs `program` on `example`, and writes down the kernels that are called. Variables are put back.
 * Errors: a host read.
 */
export function traced(example: NamedTensorMap, program: Program): Traced {
  return new Trace().run(example, program);
}

class Trace {
  readonly #bySlot = new Map<DataId, Slot>();
  readonly #began = new Map<DataId, { readonly variable: Variable; readonly before: Tensor }>();
  readonly #variables: [Variable, Slot][] = [];
  readonly #constants: [DataId, Slot][] = [];
  readonly #calls: Call[] = [];
  #slots = 0;
  /** Above 0: within a kernel, or our own work. */ #depth = 0;

  run(example: NamedTensorMap, program: Program): Traced {
    const engine = tf.engine();
    for (const variable of Object.values(engine.registeredVariables)) this.#begin(variable);
    const inputs = Object.entries(example).map(([name, { dataId }]) => [name, this.#give(dataId)] as const);
    const unwatch = this.#watch(engine as unknown as Watched, tf.backend());
    engine.startScope();
    try {
      const answer = program(example, (variable) => this.#begin(variable));
      const outputs = Object.entries(answer).map(([name, tensor]) => [name, this.#use(tensor)] as const);
      const assigned = [...this.#began]
        .filter(([before, { variable }]) => variable.dataId !== before)
        .map(([, { variable }]) => [variable, this.#use(variable)] as const);
      tf.dispose(answer);
      const [slots, variables, constants] = [this.#slots, this.#variables, this.#constants];
      const calls = needed(
        this.#calls,
        [...outputs, ...assigned].map(([, use]) => use.slot),
      );
      return { slots, inputs, variables, constants, calls, outputs, assigned };
    } catch (error) {
      for (const [dataId] of this.#constants) release(dataId);
      throw error;
    } finally {
      engine.endScope();
      unwatch();
      for (const { variable, before } of this.#began.values()) {
        if (!variable.isDisposed) variable.assign(before);
        before.dispose();
      }
    }
  }

  /** Takes up a variable, with data of its own: its first value may be another variable's too, or one that the program made. */
  #begin(variable: Variable): void {
    this.#depth++;
    tf.tidy(() => {
      if (this.#began.has(variable.dataId) || this.#bySlot.has(variable.dataId))
        variable.assign(tf.mul(variable, tf.scalar(1, variable.dtype as "float32" | "int32")));
      this.#began.set(variable.dataId, { variable, before: tf.keep(tf.clone(variable)) });
    });
    this.#depth--;
  }

  #watch(engine: Watched, backend: Reading): () => void {
    const runKernel = engine.runKernel.bind(engine) as RunKernel;
    engine.runKernel = <T extends Tensor | Tensor[]>(
      kernel: string,
      inputs: NamedTensorMap,
      attrs?: tf.NamedAttrMap,
    ) => {
      const outer = this.#depth === 0;
      this.#depth++;
      try {
        const made = runKernel<T>(kernel, inputs, attrs);
        if (outer) this.#call(kernel, inputs, attrs ?? {}, Array.isArray(made) ? made : [made]);
        return made;
      } finally {
        this.#depth--;
      }
    };
    const { read, readSync } = backend;
    const guarded =
      <T extends unknown[], R>(reading: (...args: T) => R) =>
      (...args: T): R => {
        if (this.#depth === 0) throw new Error("it reads a tensor on the host");
        return reading.apply(backend, args);
      };
    backend.read = guarded(read);
    backend.readSync = guarded(readSync);
    return () => {
      // What was put on the objects goes; what their classes have shows again.
      delete (engine as Partial<Watched>).runKernel;
      delete (backend as Partial<Reading>).read;
      delete (backend as Partial<Reading>).readSync;
    };
  }

  #call(kernel: string, inputs: NamedTensorMap, attrs: tf.NamedAttrMap, made: readonly Tensor[]): void {
    const uses = Array.isArray(inputs)
      ? inputs.map((tensor: Tensor) => this.#use(tensor))
      : Object.fromEntries(
          Object.entries(inputs).map(([name, tensor]) => [name, (tensor as Tensor | null) ? this.#use(tensor) : null]),
        );
    // In this order: a kernel that shares its input's data gives it a new slot, which later uses then mean.
    this.#calls.push({ kernel, inputs: uses, attrs, outputs: made.map(({ dataId }) => this.#give(dataId)) });
  }

  #give(dataId: DataId): Slot {
    const slot = this.#slots++;
    this.#bySlot.set(dataId, slot);
    return slot;
  }

  #use({ dataId, shape, dtype }: TensorInfo): Use {
    return { slot: this.#bySlot.get(dataId) ?? this.#outside(dataId), shape, dtype };
  }

  /** Data that no kernel of the trace has made: a variable's, or else what the program took from outside, which is held. */
  #outside(dataId: DataId): Slot {
    const slot = this.#give(dataId);
    const variable = this.#began.get(dataId)?.variable;
    if (variable) this.#variables.push([variable, slot]);
    else {
      tf.backend().incRef(dataId);
      this.#constants.push([dataId, slot]);
    }
    return slot;
  }
}

/** The calls that `wanted` slots need, in their order. */
function needed(calls: readonly Call[], wanted: readonly Slot[]): Call[] {
  const open = new Set(wanted);
  return calls
    .toReversed()
    .filter((call) => {
      if (!call.outputs.some((slot) => open.has(slot))) return false;
      for (const use of usesOf(call)) open.add(use.slot);
      return true;
    })
    .toReversed();
}

export const usesOf = ({ inputs }: Call): Use[] =>
  (Array.isArray(inputs) ? (inputs as Use[]) : Object.values(inputs)).filter((use) => use !== null);

/** Gives up one reference to data that no tensor of tfjs' counts. */
export function release(dataId: DataId): void {
  const backend = tf.backend();
  if (backend.disposeData(dataId)) tf.engine().removeDataId(dataId, backend);
}
