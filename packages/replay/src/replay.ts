import * as tf from "@tensorflow/tfjs-core";
import type { DataId, NamedTensorMap, Tensor, TensorInfo, Variable } from "@tensorflow/tfjs-core";
import type { Recorder, Recording } from "@regimen/contracts";
import { release, traced, usesOf, type Call, type Slot, type Traced, type Use } from "./trace.ts";

/**
 * Records for the backend that tfjs uses: the kernels that a program calls, called again in the same order on new inputs,
 * without the layers, tapes, scopes and checks around them. The same numbers, to the bit. Variables are never stale.
 */
export const replay: Recorder = (example, program) => new Replay(traced(example, program));

/** A call as it is repeated. */
interface Bound {
  readonly run: tf.KernelFunc;
  readonly inputs: Call["inputs"];
  readonly attrs: tf.NamedAttrMap;
  readonly outputs: readonly Slot[];
  /** Slots whose data nobody needs after it. */ readonly last: readonly Slot[];
}

class Replay implements Recording {
  readonly #traced: Traced;
  readonly #calls: readonly Bound[];

  constructor(of: Traced) {
    this.#traced = of;
    const results = new Set([...of.outputs, ...of.assigned].map(([, { slot }]) => slot));
    const lasts = new Map<Slot, number>();
    const made = new Set(of.calls.flatMap(({ outputs }) => outputs));
    of.calls.forEach((call, at) => {
      for (const slot of [...call.outputs, ...usesOf(call).map((use) => use.slot)]) lasts.set(slot, at);
    });
    const ending = of.calls.map((): Slot[] => []);
    for (const [slot, at] of lasts) if (made.has(slot) && !results.has(slot)) ending[at]!.push(slot);
    const backend = tf.getBackend();
    this.#calls = of.calls.map(({ kernel, ...call }, at) => ({
      ...call,
      run: tf.getKernel(kernel, backend).kernelFunc,
      last: ending[at]!,
    }));
  }

  run(inputs: NamedTensorMap): NamedTensorMap {
    const { slots, inputs: given, variables, constants, outputs, assigned } = this.#traced;
    const data = new Array<DataId | undefined>(slots);
    /** What a call gave as tfjs' own tensor, which tfjs counts. */ const tensors = new Map<Slot, Tensor>();
    for (const [name, slot] of given) data[slot] = inputs[name]!.dataId;
    for (const [variable, slot] of variables) data[slot] = variable.dataId;
    for (const [dataId, slot] of constants) data[slot] = dataId;
    const backend = tf.backend();
    const tensorOf = ({ slot, shape, dtype }: Use): Tensor => new tf.Tensor(shape, dtype, data[slot]!, -1);
    const free = (slot: Slot): void => {
      const tensor = tensors.get(slot);
      if (tensor) tensor.dispose();
      else if (data[slot]) release(data[slot]);
      data[slot] = undefined;
    };
    const result = (use: Use): Tensor => {
      const dataId = data[use.slot]!;
      backend.incRef(dataId);
      return tf.engine().makeTensorFromTensorInfo({ dataId, shape: use.shape, dtype: use.dtype });
    };
    const open = new Set<Slot>();
    try {
      for (const { run, inputs, attrs, outputs, last } of this.#calls) {
        const made = run({ inputs: bind(inputs, tensorOf), attrs, backend });
        const infos = Array.isArray(made) ? made : [made];
        outputs.forEach((slot, at) => {
          const info = infos[at]! as TensorInfo;
          data[slot] = info.dataId;
          if (info instanceof tf.Tensor) tensors.set(slot, info);
          open.add(slot);
        });
        for (const slot of last) {
          free(slot);
          open.delete(slot);
        }
      }
      const answer = Object.fromEntries(outputs.map(([name, use]) => [name, result(use)]));
      const values = assigned.map(([variable, use]): [Variable, Tensor] => [variable, result(use)]);
      for (const [variable, value] of values) {
        variable.assign(value);
        value.dispose();
      }
      return answer;
    } finally {
      for (const slot of open) free(slot);
    }
  }

  sync(): void {
    // Every run assigns at its end.
  }

  dispose(): void {
    for (const [dataId] of this.#traced.constants) release(dataId);
  }
}

const bind = (inputs: Call["inputs"], tensorOf: (use: Use) => Tensor): NamedTensorMap => {
  // Kernels of many inputs take an array, whatever tfjs' types say.
  if (Array.isArray(inputs)) return (inputs as Use[]).map(tensorOf) as unknown as NamedTensorMap;
  const bound: Record<string, Tensor> = {};
  for (const [name, use] of Object.entries(inputs)) if (use) bound[name] = tensorOf(use as Use);
  return bound;
};
