/** Sections of a WebAssembly module that say what its memory is. */
const IMPORTS = 2;
const MEMORIES = 5;
/** Kinds of what a module imports. */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;

/** Of a memory's limits: threads may work in it. A maximum must be stated with it. */
const SHARED = 2;

/** What tfjs' own module exports, and no other. */
const TFJS_MARK = "init_with_threads_count";

/** Threads are to be had only where memory can be shared: everywhere on Node, in browsers on cross-origin isolated pages. */
export function canShare(): boolean {
  return (
    typeof SharedArrayBuffer !== "undefined" &&
    (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
  );
}

/**
 * The same module, but its memory (imported or its own, with a maximum) is one that threads share. Such a memory needs no
 * other code: the module's own accesses stay plain.
 */
export function sharing(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const limits = limitsOfMemory(copy);
  if (limits === undefined)
    throw new Error("This WebAssembly module has no memory; reinstall @tensorflow/tfjs-backend-wasm.");
  copy[limits]! |= SHARED;
  return copy;
}

/**
 * Runs `load`, during which tfjs starts its WebAssembly module, so that the module's memory is shared. tfjs knows only a
 * build of its own with shared memory, which starts a pool of threads that Node cannot run. What else is instantiated
 * meanwhile stays as it is.
 */
export async function whileSharing<T>(load: () => Promise<T>): Promise<T> {
  const { instantiate, instantiateStreaming } = WebAssembly;
  const changed = async (
    source: BufferSource | WebAssembly.Module,
    imports?: WebAssembly.Imports,
  ): Promise<unknown> => {
    if (source instanceof WebAssembly.Module) return instantiate(source, imports);
    const bytes = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    const isTfjs = new TextDecoder("latin1").decode(bytes).includes(TFJS_MARK);
    return instantiate(isTfjs ? sharing(bytes as Uint8Array<ArrayBuffer>) : source, imports);
  };
  WebAssembly.instantiate = changed as typeof instantiate;
  WebAssembly.instantiateStreaming = (async (response, imports) =>
    changed(await (await response).arrayBuffer(), imports)) as typeof instantiateStreaming;
  try {
    return await load();
  } finally {
    Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  }
}

/** Where the flags of the only memory's limits stand. */
function limitsOfMemory(bytes: Uint8Array): number | undefined {
  let at = 8;
  const number = (): number => {
    let value = 0;
    for (let shift = 1, byte = 0x80; byte & 0x80; shift *= 128) {
      byte = bytes[at++]!;
      value += (byte & 0x7f) * shift;
    }
    return value;
  };
  const skipLimits = (): void => {
    const flags = number();
    number();
    if (flags & 1) number();
  };
  while (at < bytes.length) {
    const section = bytes[at++];
    const end = number() + at;
    if (section === MEMORIES && number() > 0) return at;
    if (section === IMPORTS) {
      for (let left = number(); left > 0; left--) {
        // Two names, then what it is.
        for (let names = 0; names < 2; names++) {
          const length = number();
          at += length;
        }
        const kind = bytes[at++];
        if (kind === MEMORY) return at;
        if (kind === FUNCTION) number();
        else if (kind === TABLE) {
          at++;
          skipLimits();
        } else at += 2;
      }
    }
    at = end;
  }
  return undefined;
}
