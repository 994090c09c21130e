import * as tf from "@tensorflow/tfjs-core";
import { sharing } from "./shared.ts";
import { Threads } from "./threads.ts";

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

type Kernel = (...args: number[]) => number;

/** Work in equal units, any of which can be done by any thread. */
interface Units {
  readonly units: number;
  /** Of one unit, in vector operations, roughly. */ readonly work: number;
  /** Elements of memory that each thread needs for itself. */ readonly scratch?: number;
}

/** Our kernels need a little stack; tfjs keeps its own elsewhere in the same memory. */
const STACK_BYTES = 65536;
/** Vector operations that are worth a thread's while: some microseconds. */
const WORTH = 16384;

/**
 * Our second WebAssembly module, in the memory of tfjs' own: kernels work in place on tensors. Everything is passed as
 * byte offsets; nobody holds a view, since a view is detached when the memory grows.
 */
export class Memory {
  readonly #backend: WasmBackend;
  readonly #memory: WebAssembly.Memory;
  readonly #kernels: ReadonlyMap<string, { readonly run: Kernel; readonly number: number }>;
  readonly #threads: Threads | undefined;

  private constructor(
    backend: WasmBackend,
    memory: WebAssembly.Memory,
    kernels: ReadonlyMap<string, { readonly run: Kernel; readonly number: number }>,
    threads: Threads | undefined,
  ) {
    this.#backend = backend;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#threads = threads;
  }

  /**
   * `backend`: tfjs' "wasm" backend, initialised; with more than one of `threads` they are started where its memory is
   * shared. Errors: the kernels cannot be read, or its memory is out of reach.
   */
  static async attach(backend: unknown, threads: number): Promise<Memory> {
    const wasm = backend as WasmBackend;
    const memory = wasm.wasm.asm.memory;
    if (!(memory instanceof WebAssembly.Memory)) {
      throw new Error("This version of @tensorflow/tfjs-backend-wasm hides its memory; install the version 4.22.0.");
    }
    const shared = isShared(memory);
    const bytes = await kernels();
    const module = await WebAssembly.compile(shared ? sharing(bytes) : bytes);
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    // The compiler counts on a stack aligned to 16 bytes.
    const stack = (): number => ((wasm.wasm._malloc(STACK_BYTES) >>> 0) + STACK_BYTES) & ~15;
    (exports["__stack_pointer"] as WebAssembly.Global).value = stack();
    const found = WebAssembly.Module.exports(module).map(
      ({ name }, number) => [name, { run: exports[name] as unknown as Kernel, number }] as const,
    );
    const stacks = Array.from({ length: shared ? threads - 1 : 0 }, stack);
    // Where no thread may be started, one does it all.
    const start = () => Threads.start({ module, memory, stacks }).catch(() => undefined);
    const helpers = stacks.length > 0 ? await start() : undefined;
    return new Memory(wasm, memory, new Map(found), helpers);
  }

  /** How many threads work on a kernel. */
  get threads(): number {
    return this.#threads?.count ?? 1;
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
    return this.#kernels.get(kernel)!.run(...args);
  }

  /**
   * Runs a kernel whose first arguments are the units it is to do, [from, to), then (where told) a thread's own scratch
   * memory, then `args`. What it writes for one unit must not depend on which others it does in the same call: then the
   * result is the same to the bit, whoever does what.
   */
  each(kernel: string, { units, work, scratch }: Units, ...args: readonly number[]): void {
    const { run, number } = this.#kernels.get(kernel)!;
    const grain = Math.ceil(WORTH / work);
    const threads = this.#threads;
    const alone = threads === undefined || grain >= units;
    if (scratch === undefined) {
      if (alone) run(0, units, ...args);
      else threads.run({ kernel: number, units, grain, scratch, args, run });
      return;
    }
    if (alone) {
      this.scratch(scratch, (at) => run(0, units, at, ...args));
      return;
    }
    // Threads that wrote to one cache line would wait for each other.
    const step = Math.ceil((scratch + 1) / 16) * 64;
    this.scratch((step / 4) * threads.count, (at) =>
      threads.run({ kernel: number, units, grain, scratch: { at, step }, args, run }),
    );
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

function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && (memory.buffer as ArrayBufferLike) instanceof SharedArrayBuffer;
}

function outOfMemory(): Error {
  return new Error("WebAssembly has no memory left; use a smaller batch, a smaller image size or a smaller model.");
}

async function kernels(): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL("../assets/kernels.wasm", import.meta.url);
  if (url.protocol !== "file:") return new Uint8Array(await (await fetch(url)).arrayBuffer());
  // Only here: browsers have no such module.
  const { readFile } = await import("node:fs/promises");
  return new Uint8Array(await readFile(url));
}
