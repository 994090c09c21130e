import type { Recorder, Recording } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import type { NamedTensorMap } from "@tensorflow/tfjs-core";
import { bytesOf, copy, flush, onDevice, TENSOR, type TfjsWebGpu } from "../tfjs.ts";
import { needed } from "./needed.ts";
import { traced, type Cell, type Place, type Traced } from "./trace.ts";

/**
 * Records a program as the shaders that it runs, with their buffers and bindings made once: what JavaScript does for each
 * op is left out, and three calls a shader remain.
 */
export function recorderFor(backend: TfjsWebGpu): Recorder {
  return (example, program) => {
    const trace = traced(backend, example, program);
    return new Captured(backend, { ...trace, commands: needed(trace) });
  };
}

type Kept = Cell & {
  /** The data that the variable had when it was last the same as here. */ known?: tf.DataId;
  /** Whether runs have assigned since. */ stale: boolean;
};

class Captured implements Recording {
  readonly #backend: TfjsWebGpu;
  readonly #trace: Traced;
  readonly #cells: readonly Kept[];

  constructor(backend: TfjsWebGpu, trace: Traced) {
    [this.#backend, this.#trace] = [backend, trace];
    this.#cells = trace.cells.map((cell) => ({ ...cell, stale: false }));
  }

  run(inputs: NamedTensorMap): NamedTensorMap {
    const backend = this.#backend;
    // What is written from the host comes before anything that still waits.
    flush(backend);
    for (const cell of this.#cells) {
      if (cell.variable.dataId === cell.known) continue;
      this.#fill(cell.home, cell.variable);
      cell.known = cell.variable.dataId;
    }
    for (const { name, buffer } of this.#trace.inputs) this.#fill(buffer, inputs[name]!);
    backend.ensureCommandEncoderReady();
    const pass = backend.commandEncoder!.beginComputePass();
    for (const { pipeline, group, dispatch } of this.#trace.commands) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...dispatch);
    }
    pass.end();
    const answer = this.#trace.outputs.map((place) => [place.name, this.#taken(place)] as const);
    this.#assign();
    flush(backend);
    return Object.fromEntries(answer);
  }

  sync(): void {
    for (const cell of this.#cells) {
      const { variable, home, stale } = cell;
      cell.stale = false;
      // What JavaScript has assigned meanwhile is the later value, and the next run takes it up.
      if (!stale || variable.isDisposed || variable.dataId !== cell.known) continue;
      const value = this.#taken({ name: "", buffer: home, shape: variable.shape, dtype: variable.dtype });
      variable.assign(value);
      value.dispose();
      cell.known = variable.dataId;
    }
  }

  dispose(): void {
    flush(this.#backend);
    this.#trace.pool.destroy();
  }

  /** The program's assignments: what another one overwrites is put aside first. */
  #assign(): void {
    const backend = this.#backend;
    const homes = new Set(this.#cells.map(({ home }) => home));
    const moves = this.#cells.flatMap((cell): { home: GPUBuffer; next: GPUBuffer; aside?: GPUBuffer }[] => {
      const { home, next } = cell;
      if (!next || next === home) return [];
      cell.stale = true;
      if (!homes.has(next)) return [{ home, next }];
      const aside = backend.bufferManager.acquireBuffer(next.size, TENSOR);
      copy(backend, next, aside);
      return [{ home, next: aside, aside }];
    });
    for (const { home, next, aside } of moves) {
      copy(backend, next, home);
      if (aside) backend.bufferManager.releaseBuffer(aside);
    }
  }

  #fill(buffer: GPUBuffer, tensor: tf.Tensor): void {
    const { values, resource, dtype } = this.#backend.tensorMap.get(tensor.dataId);
    if (resource) copy(this.#backend, resource, buffer);
    else this.#backend.queue.writeBuffer(buffer, 0, onDevice(values!, dtype));
  }

  /** A new tensor with the values of a buffer. */
  #taken({ buffer, shape, dtype }: Place): tf.Tensor {
    const info = this.#backend.makeTensorInfo(shape, dtype);
    const own = this.#backend.bufferManager.acquireBuffer(bytesOf(shape), TENSOR);
    copy(this.#backend, buffer, own);
    this.#backend.tensorMap.get(info.dataId).resource = own;
    return tf.engine().makeTensorFromTensorInfo(info);
  }
}
