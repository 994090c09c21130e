// How the numbers of `control` are used: keep them equal to those in ../assets/thread.mjs.
const JOB = 0;
const OPEN = 1;
const ACTIVE = 2;
const ASLEEP = 3;
const WAITED = 4;
const NEXT = 5;
const UNITS = 6;
const GRAIN = 7;
const KERNEL = 8;
const COUNT = 9;
const SCRATCH_AT = 10;
const SCRATCH_STEP = 11;
const FAILED = 12;
const CONTROL = 16;

/** More arguments than any kernel has. */
const MOST_ARGUMENTS = 40;
/** More threads gain little on the sizes that are trained on a processor. */
const MOST_THREADS = 8;
/** How often the main thread looks whether the others are done before it sleeps: they have one part each left to do. */
const LOOKS = 20000;
/** Grains of work that are not worth waking a thread for: it takes some ten microseconds. */
const SMALL = 4;
/** Parts of a job for each thread, so that one that comes late or is held up leaves its share to the others. */
const PARTS = 8;

/** What threads need to begin; `stacks` are the tops of their stacks in `memory`, one for each thread. */
export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly stacks: readonly number[];
}

/** A kernel's work in equal units, which any thread may do in any order with the same result. */
export interface Job {
  readonly kernel: number;
  readonly units: number;
  /** Units worth handing to another thread. */ readonly grain: number;
  /** Bytes: thread i has `step` bytes from `at` + i · `step` for itself. */
  readonly scratch: { readonly at: number; readonly step: number } | undefined;
  readonly args: readonly number[];
  /** The kernel itself, for this thread. */
  readonly run: (...args: number[]) => number;
}

interface Helper {
  begin(message: unknown): void;
  /** When it has begun. */ readonly ready: Promise<void>;
  /** From now on the process need not wait for it. */ rest(): void;
  stop(): void;
}

/**
 * How many threads to use: REGIMEN_THREADS, else as many as the machine runs at once; one under vitest, whose tests run side
 * by side. Errors: REGIMEN_THREADS is no number of threads.
 */
export async function wantedThreads(): Promise<number> {
  const env = (globalThis.process as NodeJS.Process | undefined)?.env;
  const asked = env?.["REGIMEN_THREADS"] || (env?.["VITEST"] ? "1" : undefined);
  if (asked === undefined) return Math.min(MOST_THREADS, await parallelism());
  if (!/^[1-9]\d?$/.test(asked)) {
    throw new Error(`REGIMEN_THREADS is "${asked}"; set it to a whole number from 1 to 99, or leave it out.`);
  }
  return Number(asked);
}

async function parallelism(): Promise<number> {
  if (!isNode()) return navigator.hardwareConcurrency;
  return (await import("node:os")).availableParallelism();
}

function isNode(): boolean {
  return (globalThis.process as NodeJS.Process | undefined)?.versions?.node !== undefined;
}

/**
 * Threads that share a kernel's work with the main thread. Parts are taken from a counter, so that nobody waits for a
 * thread that the machine has no core for: the main thread does what is left and waits only for parts that are begun.
 */
export class Threads {
  /** The main thread included. */ readonly count: number;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #values: Float64Array<SharedArrayBuffer>;

  private constructor(count: number, control: Int32Array<SharedArrayBuffer>, values: Float64Array<SharedArrayBuffer>) {
    this.count = count;
    this.#control = control;
    this.#values = values;
  }

  /** One thread for each of `stacks`, beside the main one. They end with the process and do not keep it alive. */
  static async start({ module, memory, stacks }: Start): Promise<Threads> {
    const control = new Int32Array(new SharedArrayBuffer(4 * CONTROL));
    const values = new Float64Array(new SharedArrayBuffer(8 * MOST_ARGUMENTS));
    const helpers: Helper[] = [];
    try {
      for (const [i, stack] of stacks.entries()) {
        const helper = await startHelper();
        helpers.push(helper);
        helper.begin({ module, memory, stack, control, values, index: i + 1 });
      }
      await Promise.all(helpers.map(({ ready }) => ready));
    } catch (error) {
      for (const helper of helpers) helper.stop();
      throw error;
    }
    for (const helper of helpers) helper.rest();
    return new Threads(helpers.length + 1, control, values);
  }

  run({ kernel, units, grain, scratch, args, run }: Job): void {
    const control = this.#control;
    const rest = scratch === undefined ? args : [scratch.at, ...args];
    if (units <= SMALL * grain && Atomics.load(control, ASLEEP) === this.count - 1) {
      run(0, units, ...rest);
      return;
    }
    const step = Math.max(grain, Math.ceil(units / (this.count * PARTS)));
    control[UNITS] = units;
    control[GRAIN] = step;
    control[KERNEL] = kernel;
    control[COUNT] = args.length;
    control[SCRATCH_AT] = scratch?.at ?? 0;
    control[SCRATCH_STEP] = scratch?.step ?? 0;
    control[NEXT] = 0;
    this.#values.set(args);
    Atomics.store(control, OPEN, 1);
    Atomics.add(control, JOB, 1);
    if (Atomics.load(control, ASLEEP) > 0) Atomics.notify(control, JOB);
    try {
      for (;;) {
        const from = Atomics.add(control, NEXT, step);
        if (from >= units) break;
        run(from, Math.min(from + step, units), ...rest);
      }
    } finally {
      Atomics.store(control, OPEN, 0);
      this.#join();
    }
    if (Atomics.exchange(control, FAILED, 0) === 1) {
      throw new Error("A thread failed in a WebAssembly kernel; set REGIMEN_THREADS=1 and report this.");
    }
  }

  #join(): void {
    const control = this.#control;
    for (let looks = 0; ; looks++) {
      const active = Atomics.load(control, ACTIVE);
      if (active === 0) return;
      // The main thread of a browser may not sleep.
      if (looks < LOOKS || !isNode()) continue;
      Atomics.store(control, WAITED, 1);
      Atomics.wait(control, ACTIVE, active, 1);
      Atomics.store(control, WAITED, 0);
    }
  }
}

async function startHelper(): Promise<Helper> {
  const url = new URL("../assets/thread.mjs", import.meta.url);
  if (!isNode()) {
    const worker = new Worker(url, { type: "module" });
    return {
      begin: (message) => worker.postMessage(message, []),
      ready: new Promise((resolve, reject) => {
        worker.addEventListener("message", () => resolve(), { once: true });
        worker.addEventListener("error", reject, { once: true });
      }),
      rest: () => undefined,
      stop: () => worker.terminate(),
    };
  }
  const { Worker: NodeWorker } = await import("node:worker_threads");
  // Loaders of the main thread are none of its business.
  const worker = new NodeWorker(url, { execArgv: [] });
  return {
    begin: (message) => worker.postMessage(message, []),
    ready: new Promise((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once("error", reject);
    }),
    rest: () => worker.unref(),
    stop: () => void worker.terminate(),
  };
}
