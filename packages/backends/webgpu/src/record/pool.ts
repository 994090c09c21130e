import type { Buffers } from "../tfjs.ts";

const UNIFORM = 0x40;

/**
 * The buffers of one recording. What is calculated on the way shares them, as it did when it was traced: the device does one
 * thing after the other. Uniforms, and what `pinned` gives, are shared with nothing. What comes from elsewhere goes back there.
 */
export class Pool implements Buffers {
  readonly #device: GPUDevice;
  /** tfjs' own. */ readonly elsewhere: Buffers;
  readonly #own = new Set<GPUBuffer>();
  readonly #pinned = new Set<GPUBuffer>();
  readonly #free = new Map<number, GPUBuffer[]>();

  constructor(device: GPUDevice, elsewhere: Buffers) {
    [this.#device, this.elsewhere] = [device, elsewhere];
  }
  get numBytesUsed(): number {
    return this.elsewhere.numBytesUsed;
  }
  get numBytesAllocated(): number {
    return this.elsewhere.numBytesAllocated;
  }

  acquireBuffer(size: number, usage: number): GPUBuffer {
    if (usage & UNIFORM) return this.pinned(size, usage);
    return this.#free.get(size)?.pop() ?? this.#make(size, usage);
  }

  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void {
    if (!this.#own.has(buffer)) this.elsewhere.releaseBuffer(buffer, reuse);
    else if (!this.#pinned.has(buffer)) this.#free.set(buffer.size, [...(this.#free.get(buffer.size) ?? []), buffer]);
  }

  /** With `values`, they are in it. */
  pinned(size: number, usage: number, values?: Float32Array | Int32Array): GPUBuffer {
    const buffer = this.#make(size, usage, values !== undefined);
    this.#pinned.add(buffer);
    if (values) {
      const room = buffer.getMappedRange();
      (values instanceof Float32Array ? new Float32Array(room) : new Int32Array(room)).set(values);
      buffer.unmap();
    }
    return buffer;
  }

  isPinned(buffer: GPUBuffer): boolean {
    return this.#pinned.has(buffer);
  }

  destroy(): void {
    for (const buffer of this.#own) buffer.destroy();
    this.#own.clear();
  }

  #make(size: number, usage: number, mappedAtCreation = false): GPUBuffer {
    const buffer = this.#device.createBuffer({ size, usage, mappedAtCreation });
    this.#own.add(buffer);
    return buffer;
  }
}
