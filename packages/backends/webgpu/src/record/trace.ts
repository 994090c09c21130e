import type { Program } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap, Variable } from "@tensorflow/tfjs-core";
import { bytesOf, copy, flush, onDevice, TENSOR, type Dispatched, type TfjsWebGpu } from "../tfjs.ts";
import { Pool } from "./pool.ts";

/** A shader with all that it works on. */
export interface Command extends Dispatched {
  readonly group: GPUBindGroup;
  readonly reads: readonly GPUBuffer[];
  readonly writes: GPUBuffer;
  /** It adds to what is there, instead of writing all of it. */ readonly adds: boolean;
}
/** A variable that the program reads or assigns, and where a recording keeps it. */
export interface Cell {
  readonly variable: Variable;
  readonly home: GPUBuffer;
  /** Where its next value is at the end of a run. */ next?: GPUBuffer;
}
export interface Place {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly shape: number[];
  readonly dtype: tf.DataType;
}
/** What a program did, as shaders and the buffers that they share. Whoever takes it destroys the pool. */
export interface Traced {
  readonly commands: readonly Command[];
  readonly inputs: readonly Place[];
  readonly cells: readonly Cell[];
  readonly outputs: readonly Place[];
  readonly pool: Pool;
}

/**
 * Runs `program` op by op on `example`, and writes down what is dispatched. Variables are put back.
 * Errors: a host read.
 */
export function traced(backend: TfjsWebGpu, example: NamedTensorMap, program: Program): Traced {
  return new Trace(backend).run(example, program);
}

class Trace {
  readonly #backend: TfjsWebGpu;
  readonly #pool: Pool;
  /** What tfjs made since the trace began. */ readonly #made = new WeakSet<tf.DataId>();
  /** What stands for data from outside. */ readonly #stands = new Map<tf.DataId, GPUBuffer>();
  /** Variables by the data that they began with, and a clone that holds it. */
  readonly #variables = new Map<tf.DataId, { readonly variable: Variable; readonly before: tf.Tensor }>();
  readonly #cells = new Map<tf.DataId, Cell>();
  readonly #commands: Command[] = [];

  constructor(backend: TfjsWebGpu) {
    this.#backend = backend;
    this.#pool = new Pool(backend.device, backend.bufferManager);
  }

  run(example: NamedTensorMap, program: Program): Traced {
    const backend = this.#backend;
    flush(backend);
    const letGo = this.#takeInHand();
    let done = false;
    tf.engine().startScope();
    try {
      for (const variable of Object.values(tf.engine().registeredVariables)) this.#began(variable);
      const inputs = Object.entries(example).map(([name, tensor]) => this.#input(name, tensor));
      const given = Object.fromEntries(inputs.map(({ place, tensor }) => [place.name, tensor]));
      const answer = program(given, (variable) => this.#began(variable));
      const outputs = Object.entries(answer).map(([name, { dataId, shape, dtype }]) => {
        return { name, buffer: this.#bufferOf(dataId), shape, dtype };
      });
      for (const [began, { variable }] of this.#variables)
        if (variable.dataId !== began) this.#cell(began).next = this.#bufferOf(variable.dataId);
      tf.dispose(answer);
      done = true;
      const cells = [...this.#cells.values()];
      return { commands: this.#commands, inputs: inputs.map(({ place }) => place), cells, outputs, pool: this.#pool };
    } finally {
      tf.engine().endScope();
      for (const { variable, before } of this.#variables.values()) {
        if (!variable.isDisposed && variable.dataId !== before.dataId) variable.assign(before);
        before.dispose();
      }
      // What waits for the queue was made here, and ends here.
      flush(backend);
      letGo();
      if (!done) this.#pool.destroy();
    }
  }

  /** Puts itself between tfjs and the device; the answer undoes it. */
  #takeInHand(): () => void {
    const backend = this.#backend;
    const stock = methodsOf(backend);
    let group: GPUBindGroup | undefined;
    let adds = false;
    const hands: Partial<TfjsWebGpu> = {
      bufferManager: this.#pool,
      device: watched(backend.device, (made) => (group = made)),
      write: (values, shape, dtype) => {
        const dataId = stock.write.call(backend, values, shape, dtype);
        this.#made.add(dataId);
        return dataId;
      },
      uploadToGPU: (dataId) => {
        const data = backend.tensorMap.get(dataId);
        if (data.resource) return;
        if (!this.#made.has(dataId)) this.#outside(() => stock.uploadToGPU.call(backend, dataId));
        else if (!data.values) stock.uploadToGPU.call(backend, dataId);
        else {
          // A constant: it is written once, so nothing else may be.
          data.resource = this.#pool.pinned(bytesOf(data.shape), TENSOR, onDevice(data.values, data.dtype));
          data.values = null;
        }
      },
      tensorToBinding: ({ dataId }) => ({ buffer: this.#bufferOf(dataId) }),
      runWebGPUProgram: (program, inputs, dtype, uniforms, output) => {
        adds = output !== undefined;
        return stock.runWebGPUProgram.call(backend, program, inputs, dtype, uniforms, output);
      },
      recordAndSubmit: (program, output, inputs, uniforms) => {
        const writes = this.#bufferOf(output.dataId);
        if (this.#pool.isPinned(writes)) throw new Error("it writes over a constant");
        stock.recordAndSubmit.call(backend, program, output, inputs, uniforms);
        const { pipeline, dispatch } = program;
        const reads = inputs.map(({ dataId }) => this.#bufferOf(dataId));
        this.#commands.push({ pipeline, dispatch: [...dispatch], group: group!, reads, writes, adds });
      },
      // What is known for good is calculated once; all else on the device.
      shouldExecuteOnCPU: (inputs, threshold) =>
        inputs.every(({ dataId }) => this.#made.has(dataId)) &&
        stock.shouldExecuteOnCPU.call(backend, inputs, threshold),
      readSync: (dataId) => {
        const { values } = backend.tensorMap.get(dataId);
        return this.#made.has(dataId) && values ? values : refuse();
      },
      read: refuse,
    };
    const own = Object.keys(hands).filter((name) => Object.hasOwn(backend, name));
    const before = Object.fromEntries(own.map((name) => [name, backend[name as keyof TfjsWebGpu]]));
    Object.assign(backend, hands);
    return () => {
      // What was put over tfjs' methods goes, so that they show again.
      for (const name of Object.keys(hands)) delete (backend as unknown as Record<string, unknown>)[name];
      Object.assign(backend, before);
    };
  }

  /** With tfjs' own buffers: for what outlives the trace. */
  #outside<T>(work: () => T): T {
    const backend = this.#backend;
    const elsewhere = this.#pool.elsewhere;
    backend.bufferManager = elsewhere;
    try {
      return work();
    } finally {
      backend.bufferManager = this.#pool;
    }
  }

  #input(name: string, { dataId, shape, dtype }: tf.Tensor): { readonly place: Place; readonly tensor: tf.Tensor } {
    const buffer = this.#standIn(dataId, shape);
    const info = this.#backend.makeTensorInfo(shape, dtype);
    this.#backend.tensorMap.get(info.dataId).resource = buffer;
    return { place: { name, buffer, shape, dtype }, tensor: tf.engine().makeTensorFromTensorInfo(info) };
  }

  /** Takes up a variable, with data of its own: its first value may be another variable's too, or one that the program made. */
  #began(variable: Variable): void {
    if (this.#variables.has(variable.dataId) || this.#made.has(variable.dataId)) {
      const own = this.#outside(() => this.#copied(variable));
      variable.assign(own);
      own.dispose();
    }
    this.#variables.set(variable.dataId, { variable, before: tf.keep(tf.clone(variable)) });
  }

  #copied({ dataId, shape, dtype }: tf.Tensor): tf.Tensor {
    const backend = this.#backend;
    const { values } = backend.tensorMap.get(dataId);
    const info = backend.makeTensorInfo(shape, dtype, values ? Array.from(values) : undefined);
    this.#made.delete(info.dataId);
    if (!values) {
      backend.uploadToGPU(info.dataId);
      copy(backend, this.#bufferOf(dataId), backend.tensorMap.get(info.dataId).resource!);
    }
    return tf.engine().makeTensorFromTensorInfo(info);
  }

  /** Where a shader finds a tensor at each run. */
  #bufferOf(dataId: tf.DataId): GPUBuffer {
    if (this.#made.has(dataId)) {
      this.#backend.uploadToGPU(dataId);
      return this.#backend.tensorMap.get(dataId).resource!;
    }
    if (this.#variables.has(dataId)) return this.#cell(dataId).home;
    const known = this.#stands.get(dataId);
    if (known) return known;
    const { shape } = this.#backend.tensorMap.get(dataId);
    const buffer = this.#standIn(dataId, shape);
    this.#stands.set(dataId, buffer);
    return buffer;
  }

  #cell(dataId: tf.DataId): Cell {
    const known = this.#cells.get(dataId);
    if (known) return known;
    const { variable } = this.#variables.get(dataId)!;
    const cell = { variable, home: this.#standIn(dataId, variable.shape) };
    this.#cells.set(dataId, cell);
    return cell;
  }

  /** A buffer of the recording's own, with the values of data from outside. */
  #standIn(dataId: tf.DataId, shape: readonly number[]): GPUBuffer {
    this.#backend.uploadToGPU(dataId);
    const buffer = this.#pool.pinned(bytesOf(shape), TENSOR);
    copy(this.#backend, this.#backend.tensorMap.get(dataId).resource!, buffer);
    return buffer;
  }
}

const refuse = (): never => {
  throw new Error("it reads a tensor on the host");
};

function methodsOf(backend: TfjsWebGpu): Pick<TfjsWebGpu, (typeof TAKEN)[number]> {
  return Object.fromEntries(TAKEN.map((name) => [name, backend[name]])) as unknown as Pick<
    TfjsWebGpu,
    (typeof TAKEN)[number]
  >;
}
const TAKEN = [
  "write",
  "uploadToGPU",
  "tensorToBinding",
  "runWebGPUProgram",
  "recordAndSubmit",
  "shouldExecuteOnCPU",
  "readSync",
  "read",
] as const;

/** The device, with notice of each bind group. */
function watched(device: GPUDevice, made: (group: GPUBindGroup) => void): GPUDevice {
  return new Proxy(device, {
    get(target, name) {
      if (name === "createBindGroup") {
        return (descriptor: GPUBindGroupDescriptor) => {
          const group = target.createBindGroup(descriptor);
          made(group);
          return group;
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
