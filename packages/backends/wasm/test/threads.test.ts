import { spawn } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Threads, wantedThreads } from "../src/threads.ts";
import { sharing } from "../src/shared.ts";

// Tests here are of processes with threads, which the tests beside it do without. Below node_modules, so that what is not
// bundled is found.
const packageFolder = join(import.meta.dirname, "..");
const folder = join(packageFolder, "node_modules", `.threads-${process.pid}`);

beforeAll(async () => {
  const conditions = ["@regimen/source", "module", "node", "development|production"];
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions },
    ssr: {
      external: ["core", "layers", "backend-wasm"].map((name) => `@tensorflow/tfjs-${name}`),
      resolve: { conditions },
    },
    build: {
      ssr: join(import.meta.dirname, "support", "program.ts"),
      outDir: join(folder, "dist"),
      minify: false,
      rollupOptions: { output: { entryFileNames: "program.mjs" } },
    },
  });
  cpSync(join(packageFolder, "assets"), join(folder, "assets"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly said: unknown;
  readonly errors: string;
};

interface How {
  /** Options of Node. */ readonly node?: readonly string[];
  /** Further arguments. */ readonly args?: readonly string[];
  /** Called when the program first says something. */ readonly told?: (kill: (signal: NodeJS.Signals) => void) => void;
}

function run(what: string, threads: number, { node = [], args = [], told }: How = {}): Promise<Ended> {
  const { VITEST: _, ...env } = process.env;
  const child = spawn(process.execPath, [...node, join(folder, "dist", "program.mjs"), what, ...args], {
    env: { ...env, REGIMEN_THREADS: String(threads) },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 40_000,
  });
  let [out, errors] = ["", ""];
  child.stdout.on("data", (data: Buffer) => {
    if (out === "") told?.((signal) => child.kill(signal));
    out += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      const line = out.split("\n").find((line) => line.startsWith("{"));
      resolve({ code, signal, said: line === undefined ? undefined : JSON.parse(line), errors });
    });
  });
}

const device = (threads: number): string =>
  threads === 1 ? "WebAssembly SIMD, one thread" : `WebAssembly SIMD, ${threads} threads`;

test("any number of threads gives the same bits, and the process ends by itself", async () => {
  const runs = [];
  for (const threads of [1, 2, 3]) runs.push(await run("digest", threads));
  expect(runs.map(({ code, errors }) => [code, errors])).toEqual(runs.map(() => [0, ""]));
  const said = runs.map((run) => run.said as { device: string; digest: string });
  expect(said.map(({ device }) => device)).toEqual([1, 2, 3].map(device));
  expect(new Set(said.map(({ digest }) => digest)).size).toBe(1);
});

test("without leave to start threads, or to share the memory, one thread does it all", async () => {
  const known = process.allowedNodeEnvironmentFlags;
  const permission = known.has("--permission") ? "--permission" : "--experimental-permission";
  const alone = await run("digest", 2, { node: [permission, "--allow-fs-read=*"] });
  expect(alone.said, alone.errors).toMatchObject({ device: device(1) });
  const late = await run("digest", 2, { args: ["late"] });
  expect(late.said, late.errors).toEqual(alone.said);
});

test.each(["0", "two", "-1", "1.5"])("REGIMEN_THREADS=%s is no number of threads", async (asked) => {
  vi.stubEnv("REGIMEN_THREADS", asked);
  await expect(wantedThreads()).rejects.toThrow(`REGIMEN_THREADS is "${asked}"; set it to a whole number`);
  vi.unstubAllEnvs();
});

test("threads go on after the memory has grown", async () => {
  const { said, code, errors } = await run("grow", 2);
  expect(code, errors).toBe(0);
  const { grown, before, after } = said as { grown: number; before: string; after: string };
  expect(grown).toBeGreaterThan(2);
  expect(after).toBe(before);
});

test("a thousand steps leave nothing behind", async () => {
  const { said, code, errors } = await run("leak", 2);
  expect(code, errors).toBe(0);
  type Measured = { tensors: number; wasm: number; heapUsed: number };
  const { before, after } = said as { before: Measured; after: Measured };
  expect(after.tensors).toBe(before.tensors);
  expect(after.wasm).toBe(before.wasm);
  // Less than a kilobyte a step. (benchmarks/wasm-soak.mjs looks at resident memory, which takes longer to settle.)
  expect(after.heapUsed).toBeLessThan(before.heapUsed + 1e6);
});

test("threads do not keep a process that exits, fails or is told to end", async () => {
  expect(await run("exit", 2)).toMatchObject({ code: 3, said: { device: device(2) } });
  const failed = await run("throw", 2);
  expect(failed).toMatchObject({ signal: null, code: expect.toSatisfy((code: number) => code > 0) as number });
  expect(failed.errors).toContain("as asked");
  for (const signal of ["SIGTERM", "SIGKILL"] as const)
    expect(await run("endless", 2, { told: (kill) => kill(signal) })).toMatchObject({ code: null, signal });
});

test("threads take part, each with scratch memory of its own, and say when one fails", async () => {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const bytes = new Uint8Array(readFileSync(new URL("../assets/kernels.wasm", import.meta.url)));
  const module = await WebAssembly.compile(sharing(bytes));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  (exports["__stack_pointer"] as WebAssembly.Global).value = 65536;
  const threads = await Threads.start({ module, memory, stacks: [2 * 65536, 3 * 65536] });
  expect(threads.count).toBe(3);
  const kernel = (name: string) => WebAssembly.Module.exports(module).findIndex((of) => of.name === name);
  const sum = exports["middle_sums"] as unknown as (...args: number[]) => number;

  // Each of 64 units is two columns of 2048 numbers, whose sums are made in scratch memory.
  const [units, rows, x, out, scratch] = [64, 2048, 4 * 65536, 40 * 65536, 41 * 65536];
  new Float32Array(memory.buffer, x, units * rows * 2).forEach((_, i, all) => (all[i] = i % 7));
  const expected = Array.from({ length: 2 * units }, (_, column) => {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += (((column >> 1) * rows + i) * 2 + (column & 1)) % 7;
    return sum;
  });
  const job = { kernel: kernel("middle_sums"), units, grain: 1, scratch: { at: scratch, step: 65536 } };
  let own = 0;
  const times = 400;
  for (let i = 0; i < times; i++) {
    const sums = new Float32Array(memory.buffer, out, 2 * units).fill(0);
    const run = (from: number, to: number, ...args: number[]) => {
      own += to - from;
      return sum(from, to, ...args);
    };
    threads.run({ ...job, args: [x, out, rows, 2, 1], run: run as typeof sum });
    expect([...sums]).toEqual(expected);
  }
  expect(own).toBeGreaterThan(0);
  expect(own, "the main thread did everything").toBeLessThan(units * times);

  // Beyond the memory's end. The main thread leaves all to the others.
  const beyond = { ...job, args: [2 ** 31, out, rows, 2, 1], run: () => pause(2) };
  expect(() => {
    for (let i = 0; i < 50; i++) threads.run(beyond);
  }).toThrow(/A thread failed/);
});

/** Milliseconds of doing nothing. */
function pause(ms: number): number {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return 0;
}
