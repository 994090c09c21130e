import * as tf from "@tensorflow/tfjs-core";

/** What of tfjs' own WebAssembly module we rely on; its types do not export it. */
interface Emscripten {
  readonly asm: { readonly memory?: WebAssembly.Memory };
  _malloc(bytes: number): number;
  _free(at: number): void;
}
interface WasmBackend {
  readonly wasm: Emscripten;
  readonly dataIdMap: { get(dataId: tf.DataId): { readonly memoryOffset: number } };
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  incRef(dataId: tf.DataId): void;
}

type Exports = Readonly<Record<string, (...args: number[]) => number>>;

/** Our kernels need a little stack; tfjs keeps its own elsewhere in the same memory. */
const STACK_BYTES = 65536;

/**
 * Our second WebAssembly module, in the memory of tfjs' own: kernels work in place on tensors. Everything is passed as
 * byte offsets; nobody holds a view, since a view is detached when the memory grows.
 */
export class Memory {
  readonly #backend: WasmBackend;
  readonly #memory: WebAssembly.Memory;
  readonly #exports: Exports;

  private constructor(backend: WasmBackend, memory: WebAssembly.Memory, exports: Exports) {
    this.#backend = backend;
    this.#memory = memory;
    this.#exports = exports;
  }

  /** `backend`: tfjs' "wasm" backend, initialised. Errors: the kernels cannot be read, or its memory is out of reach. */
  static async attach(backend: unknown): Promise<Memory> {
    const wasm = backend as WasmBackend;
    const memory = wasm.wasm.asm.memory;
    if (!(memory instanceof WebAssembly.Memory)) {
      throw new Error("This version of @tensorflow/tfjs-backend-wasm hides its memory; install the version 4.22.0.");
    }
    const { instance } = await WebAssembly.instantiate(await kernels(), { env: { memory } });
    const { __stack_pointer: stack, ...exports } = instance.exports;
    // The compiler counts on a stack aligned to 16 bytes.
    (stack as WebAssembly.Global).value = (wasm.wasm._malloc(STACK_BYTES) + STACK_BYTES) & ~15;
    return new Memory(wasm, memory, exports as unknown as Exports);
  }

  /** Where a tensor's values begin, in bytes. */
  at(tensor: tf.TensorInfo): number {
    return this.#backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A tensor whose values are yet to be written; a kernel returns it. */
  output(shape: readonly number[], dtype: "float32" | "int32" | "bool" = "float32"): tf.TensorInfo {
    const info = this.#backend.makeOutput([...shape], dtype);
    if (this.at(info) === 0 && tf.util.sizeFromShape([...shape]) > 0) throw outOfMemory();
    return info;
  }

  /** Another tensor with the same values. */
  share({ dataId, shape, dtype }: tf.TensorInfo): tf.TensorInfo {
    this.#backend.incRef(dataId);
    return { dataId, shape, dtype };
  }

  call(kernel: string, ...args: readonly number[]): number {
    return this.#exports[kernel]!(...args);
  }

  /** Whole numbers in memory, to be read or written at once: any allocation may detach the view. */
  integers(at: number, count: number): Int32Array {
    return new Int32Array(this.#memory.buffer, at, count);
  }

  /** Runs `use` with `elements` 4-byte elements of memory that are freed afterwards. */
  scratch<T>(elements: number, use: (at: number) => T): T {
    const at = this.#backend.wasm._malloc(Math.max(elements, 1) * 4) >>> 0;
    if (at === 0) throw outOfMemory();
    try {
      return use(at);
    } finally {
      this.#backend.wasm._free(at);
    }
  }
}

function outOfMemory(): Error {
  return new Error("WebAssembly has no memory left; use a smaller batch, a smaller image size or a smaller model.");
}

async function kernels(): Promise<BufferSource> {
  const url = new URL("../assets/kernels.wasm", import.meta.url);
  if (url.protocol !== "file:") return (await fetch(url)).arrayBuffer();
  // Only here: browsers have no such module.
  const { readFile } = await import("node:fs/promises");
  return readFile(url);
}
