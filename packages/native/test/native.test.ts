import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { RegimenError } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { cacheFolder, findNative, installNative, lendTfjs } from "../src/index.ts";
import { STAND_INS } from "../src/lend.ts";
import { LIBRARIES } from "../src/tensorflow.ts";
import { World } from "./world.ts";

const NODE = "@tensorflow/tfjs-node";
const windows = process.platform === "win32";
const place = `tfjs-node-4.22.0-tf2.21.0-cpu-${process.platform}-${process.arch}`;

const title = `regimen native${windows ? " (skipped: Windows runs no scripts by their first line)" : ""}`;

describe.skipIf(windows)(title, () => {
  test("builds against an installed TensorFlow, once", async () => {
    const world = new World();
    const tensorflow = world.tensorflow("2.21.0");
    world.become({ tensorflow });
    const steps: string[] = [];
    const made = await installNative({ env: world.env, ways: ["installed"], tell: (step) => void steps.push(step) });
    expect(made).toEqual({
      package: NODE,
      version: "4.22.0",
      tensorflow: "2.21.0",
      gpu: false,
      way: "installed",
      from: `Python 3.12 in ${world.root}`,
      folder: join(world.cache, place),
      built: true,
      tried: [],
    });
    expect(steps).toEqual([
      "fetching @tensorflow/tfjs-node@4.22.0 from npm",
      "compiling the binding",
      "proving that it works",
    ]);
    const { built, tried, ...found } = made;
    expect(findNative(NODE, world.env)).toEqual(found);
    expect(findNative(`${NODE}-gpu`, world.env)).toBeUndefined();
    expect(readdirSync(world.cache)).toEqual([place]);
    // A second name for the same bytes: it outlives the environment, and takes no room.
    const library = join(made.folder, "node_modules", NODE, "deps", "lib", LIBRARIES[0]!);
    expect(statSync(library).ino).toBe(statSync(join(tensorflow, LIBRARIES[0]!)).ino);

    const { length } = world.calls;
    expect(await installNative({ env: world.env })).toMatchObject({ ...found, built: false });
    expect(world.calls.length).toBe(length);
    expect(await installNative({ env: world.env, ways: ["installed"], force: true })).toMatchObject({ built: true });
    expect(world.calls.length).toBeGreaterThan(length);
    expect([built, tried]).toEqual([true, []]);
  });

  test("unpacks from pip's wheel what it needs, and leaves nothing else behind", async () => {
    const world = new World();
    world.become({ serves: { "tensorflow-cpu": await world.wheel("2.21.0") } });
    const made = await installNative({ env: world.env, ways: ["installed", "pip"] });
    expect(made).toMatchObject({ way: "pip", tensorflow: "2.21.0", built: true });
    expect(made.from).toBe(`tensorflow-2.21.0-cp312-cp312-any.whl, by the pip of Python 3.12 in ${world.root}`);
    expect(readdirSync(join(made.folder, "node_modules", NODE, "deps", "lib")).sort()).toEqual([...LIBRARIES].sort());
    expect(readdirSync(made.folder).sort()).toEqual(["native.json", "node_modules", "package.json"]);
    expect(readdirSync(world.cache)).toEqual([place]);
    const download = world.calls.find((call) => call.includes("download"))!;
    expect(download).toMatch(/--no-deps --only-binary=:all: .*--retries 1 --timeout 15 .*tensorflow-cpu$/);
  });

  test("takes the wheel of another Python where its own has none", async () => {
    const world = new World();
    world.become({ serves: { "tensorflow-cpu 3.11": await world.wheel("2.20.1") } });
    expect(await installNative({ env: world.env, ways: ["pip"] })).toMatchObject({ tensorflow: "2.20.1" });
  });

  test("asks the Python that is named, and no other source", async () => {
    const world = new World();
    world.become({ tensorflow: world.tensorflow("2.21.0") });
    const other = new World({ without: ["python3"] });
    const env = { ...other.env, CXX: `${world.env["PATH"]}/c++ -v`, PATH: `${other.env["PATH"]}` };
    expect(await installNative({ env, python: world.root })).toMatchObject({
      from: `Python 3.12 in ${world.root}`,
      built: true,
    });
    expect(await installNative({ env, python: join(world.root, "bin", "python3") })).toMatchObject({ built: false });
    await expect(installNative({ env, python: "/nowhere" })).rejects.toThrow(
      'REG_USAGE: "/nowhere" is no Python 3; name an interpreter, or the folder of an environment',
    );
  });

  test("says what was tried, in order, and what would help", async () => {
    const world = new World({ serves: {} });
    const failed = await installNative({ env: world.env }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RegimenError);
    expect((failed as RegimenError).input).toBe(false);
    expect((failed as RegimenError).message).toMatch(
      /^REG_BACKEND_UNAVAILABLE: @tensorflow\/tfjs-node does not work here yet; tried, in order: \(1\) tfjs-node's own binary: .*; \(2\) the TensorFlow of an installed Python: Python 3\.12 in \S+ has no TensorFlow; \(3\) a wheel of TensorFlow by pip: the pip of Python 3\.12 in \S+ serves no tensorflow.* for this machine \(No matching distribution found for tensorflow(-cpu)?\)\. What would help: pip install tensorflow-cpu, and name that Python with --python$/,
    );
    expect(readdirSync(world.cache)).toEqual([]);
    world.become({ serves: {}, offline: true });
    await expect(installNative({ env: world.env, ways: ["pip"] })).rejects.toThrow("an index could not be reached");
  });

  test("without a compiler downloads nothing", async () => {
    const world = new World({ without: ["c++"], serves: {} });
    await expect(installNative({ env: world.env, ways: ["installed", "pip"] })).rejects.toThrow(
      /there is no C\+\+ compiler; .* What would help: (apt install g\+\+|xcode-select --install)/,
    );
    expect(world.calls).toEqual([]);
  });

  test("without Python, pip or npm says so", async () => {
    const bare = new World({ without: ["python3"] });
    await expect(installNative({ env: bare.env, ways: ["installed", "pip"] })).rejects.toThrow(
      /there is no Python 3; .*there is no pip\. What would help: .*; or install pip$/,
    );
    const world = new World({ without: ["npm"] });
    world.become({ tensorflow: world.tensorflow("2.21.0") });
    await expect(installNative({ env: world.env, ways: ["installed"] })).rejects.toThrow(
      /^REG_BACKEND_UNAVAILABLE: npm could not fetch .* \(there is no npm on the PATH\)/,
    );
  });

  test("what fails to compile, or was compiled and does not work, is not installed; what stood there stays", async () => {
    const world = new World();
    const tensorflow = world.tensorflow("2.21.0");
    world.become({ tensorflow });
    const options = { env: world.env, ways: ["installed"], force: true } as const;
    await installNative(options);
    world.become({ tensorflow, compiler: "fails" });
    await expect(installNative(options)).rejects.toThrow(
      "c++ could not compile the binding (exit code 1: binding/utils.h:21:10: fatal error: node_api.h: No such file or directory)",
    );
    world.become({ tensorflow: world.tensorflow("broken", "elsewhere/tensorflow") });
    await expect(installNative(options)).rejects.toThrow(
      "it was built but does not work (exit code 1: Error: undefined symbol: TF_Version)",
    );
    expect(findNative(NODE, world.env)).toMatchObject({ tensorflow: "2.21.0" });
    expect(readdirSync(world.cache)).toEqual([place]);
  });

  test("an abort ends the compiler and leaves nothing", async () => {
    const world = new World();
    world.become({ tensorflow: world.tensorflow("2.21.0"), compiler: "hangs" });
    const stop = new AbortController();
    const pids = join(world.root, "bin", "pids");
    const waiting = setInterval(() => existsSync(pids) && stop.abort(new Error("enough")), 20);
    await expect(installNative({ env: world.env, ways: ["installed"], signal: stop.signal })).rejects.toThrow("enough");
    clearInterval(waiting);
    expect(readdirSync(world.cache)).toEqual([]);
    await expect
      .poll(() => {
        try {
          return process.kill(Number(readFileSync(pids, "utf8")), 0);
        } catch {
          return false;
        }
      })
      .toBe(false);
  });

  describe("tfjs-node's own binary", () => {
    const x64 = process.arch === "x64" && ["linux", "darwin"].includes(process.platform);
    const title = x64 ? "" : " (skipped: there is none for this machine)";

    /** A server that knows nothing, but answers. */
    async function serve(): Promise<{ host: string; close: () => Promise<unknown> }> {
      const server = createServer((_, answer) => answer.writeHead(404).end()).listen(0, "127.0.0.1");
      await new Promise((done) => server.once("listening", done));
      const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      return { host, close: () => new Promise((done) => server.close(done).closeAllConnections()) };
    }

    test.skipIf(!x64)(`is taken where its server answers and its script succeeds${title}`, async () => {
      const { host, close } = await serve();
      const world = new World({ official: { host, version: "2.9.1" } });
      expect(await installNative({ env: world.env })).toMatchObject({
        way: "official",
        tensorflow: "2.9.1",
        built: true,
      });
      const failing = new World({ official: { host, version: null } });
      await expect(installNative({ env: failing.env, ways: ["official"] })).rejects.toThrow(
        "(1) tfjs-node's own binary: its install script failed (exit code 1: npm error code 1)",
      );
      await close();
    });

    test.skipIf(!x64)(`is given up at once where its server does not answer${title}`, async () => {
      const { host, close } = await serve();
      await close();
      const world = new World({ official: { host, version: "2.9.1" } });
      await expect(installNative({ env: world.env, ways: ["official"] })).rejects.toThrow(
        `(1) tfjs-node's own binary: ${new URL(host).host}, where it lies, does not answer (ECONNREFUSED)`,
      );
      expect(world.calls.some((call) => call.includes("rebuild"))).toBe(false);
    });
  });

  describe("for a GPU", () => {
    const requires = [
      "Requires-Dist: numpy>=1.26.0",
      'Requires-Dist: nvidia-cublas-cu12 (<13.0,>=12.5.3.2) ; extra == "and-cuda"',
      'Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; platform_system == "Linux" and extra == "and-cuda"',
    ].join("\n");

    test("pip fetches the packages of CUDA that the wheel names, and they lie where its libraries look", async () => {
      const world = new World();
      const cublas = await world.zip("nvidia_cublas_cu12-12.6-py3-none-any.whl", [
        ["nvidia/cublas/lib/libcublas.so.12", "a library"],
        ["nvidia/cublas/include/cublas.h", "a header"],
      ]);
      const nvcc = await world.zip("nvidia_cuda_nvcc_cu12-12.6-py3-none-any.whl", [["nvidia/cuda_nvcc/bin/ptxas", ""]]);
      world.become({
        serves: {
          tensorflow: await world.wheel("2.21.0 gpu", requires),
          "nvidia-cublas-cu12<13.0,>=12.5.3.2": cublas,
          "nvidia-cuda-nvcc-cu12<13.0,>=12.5.82": nvcc,
        },
      });
      const made = await installNative({ env: world.env, gpu: true, ways: ["pip"] });
      expect(made).toMatchObject({ package: `${NODE}-gpu`, gpu: true, tensorflow: "2.21.0" });
      const deps = join(made.folder, "node_modules", `${NODE}-gpu`, "deps");
      expect(readFileSync(join(deps, "lib", "..", "nvidia", "cublas", "lib", "libcublas.so.12"), "utf8")).toBe(
        "a library",
      );
      expect(existsSync(join(deps, "nvidia", "cuda_nvcc", "bin", "ptxas"))).toBe(true);
      expect(existsSync(join(deps, "nvidia", "cublas", "include"))).toBe(false);
    });

    test("an installed TensorFlow must be built for CUDA, and must see a GPU", async () => {
      const world = new World();
      const options = { env: world.env, gpu: true, ways: ["installed"] } as const;
      world.become({ tensorflow: world.tensorflow("2.21.0") });
      await expect(installNative(options)).rejects.toThrow("has a TensorFlow that was built without CUDA");
      const tensorflow = world.tensorflow("2.21.0 gpu", "cuda/tensorflow");
      world.write("cuda/nvidia/cublas/lib/libcublas.so.12", "a library");
      world.become({ tensorflow });
      const { folder } = await installNative(options);
      const linked = join(folder, "node_modules", `${NODE}-gpu`, "deps", "nvidia", "cublas", "lib", "libcublas.so.12");
      expect(readFileSync(linked, "utf8")).toBe("a library");
      for (const name of LIBRARIES) writeFileSync(join(tensorflow, name), "2.21.0");
      await expect(installNative({ ...options, force: true })).rejects.toThrow(
        "TensorFlow 2.21.0 works but sees no GPU",
      );
    });
  });
});

describe("the cache", () => {
  test("is where the system keeps caches, unless the environment says otherwise", () => {
    expect(cacheFolder({ REGIMEN_CACHE: "/a/b" })).toBe(join("/a/b"));
    if (process.platform !== "linux") return;
    expect(cacheFolder({ HOME: "/home/me" })).toBe("/home/me/.cache/regimen");
    expect(cacheFolder({ HOME: "/home/me", XDG_CACHE_HOME: "/var/me" })).toBe("/var/me/regimen");
    expect(cacheFolder({ HOME: "/home/me", XDG_CACHE_HOME: "relative" })).toBe("/home/me/.cache/regimen");
    expect(cacheFolder({})).toBe(join(homedir(), ".cache", "regimen"));
  });

  /** As a finished build leaves it, this many seconds ago. */
  function put(world: World, tensorflow: string, ago: number, record: object = {}): string {
    const name = `tfjs-node-4.22.0-tf${tensorflow}-cpu-${process.platform}-${process.arch}`;
    world.write(`cache/${name}/node_modules/${NODE}/deps/lib/a.so`, "");
    const file = world.write(
      `cache/${name}/native.json`,
      JSON.stringify({ format: 1, package: NODE, tensorflow, from: "a wheel", ...record }),
    );
    utimesSync(file, Date.now() / 1000 - ago, Date.now() / 1000 - ago);
    return join(world.cache, name);
  }

  test("gives what was built last, is whole and is for this machine", () => {
    const world = new World();
    expect(findNative(NODE, world.env)).toBeUndefined();
    put(world, "2.21.0", 50);
    const last = put(world, "2.9.1", 40);
    const unfinished = put(world, "2.30.0", 30);
    rmSync(join(unfinished, "native.json"));
    put(world, "2.31.0", 20, { format: 0 });
    world.write(`cache/tfjs-node-4.22.0-tf2.32.0-cpu-other-arch/native.json`, JSON.stringify({ package: NODE }));
    expect(findNative(NODE, world.env)).toMatchObject({ folder: last, tensorflow: "2.9.1" });
    rmSync(join(last, "node_modules"), { recursive: true });
    expect(findNative(NODE, world.env)?.tensorflow).toBe("2.21.0");
  });

  test.skipIf(windows)("keeps what was built last alone", async () => {
    const world = new World();
    put(world, "2.30.0", 50);
    world.become({ tensorflow: world.tensorflow("2.21.0") });
    await installNative({ env: world.env, python: world.root });
    expect(readdirSync(world.cache)).toEqual([place]);
  });

  test("is swept of what killed builds have left, not of what others build now", async () => {
    const world = new World({ without: ["c++"] });
    const name = (host: string, pid: number) => `.building-${host}-${pid}-Ab12cD`;
    const [dead, alive, elsewhere] = [
      name(hostname(), 99_999_999),
      name(hostname(), process.pid),
      name("elsewhere", 1),
    ];
    for (const folder of [dead, alive, elsewhere]) mkdirSync(join(world.cache, folder), { recursive: true });
    await installNative({ env: world.env, ways: ["pip"] }).catch(() => undefined);
    expect(readdirSync(world.cache).sort()).toEqual([alive, elsewhere].sort());
  });

  test("that cannot be written is an error with a way out", async () => {
    const world = new World();
    const file = world.write("a-file", "");
    await expect(installNative({ env: { ...world.env, REGIMEN_CACHE: join(file, "cache") } })).rejects.toThrow(
      /^REG_DISK: nothing can be written to .*REGIMEN_CACHE$/,
    );
  });
});

describe("what stands in for tfjs", () => {
  test("is the lent tfjs-core, with what tfjs-node needs beyond it", () => {
    const core = createRequire(import.meta.url)("@tensorflow/tfjs-core") as typeof tf;
    lendTfjs(core);
    const load = (name: string): Record<string, unknown> => {
      const module = { exports: {} };
      new Function("module", "require", STAND_INS[name]!)(module, load);
      return module.exports;
    };
    expect(load("@tensorflow/tfjs-core")).toBe(core);
    const tfjs = load("@tensorflow/tfjs");
    expect(tfjs["Tensor"]).toBe(core.Tensor);
    expect(tfjs["version"]).toEqual({ "tfjs-core": core.version_core });
    class Bar extends (tfjs["CustomCallback"] as new () => object) {}
    expect(new Bar()).toBeInstanceOf(Bar);
    // Chained operations are calls of tfjs-core's, with the tensor first.
    for (const name of [
      "add",
      "div",
      "equal",
      "floorDiv",
      "max",
      "min",
      "mul",
      "reshape",
      "slice",
      "squeeze",
      "sub",
      "sum",
    ]) {
      expect(typeof core[name as "add"], name).toBe("function");
      expect(core.Tensor.prototype).toHaveProperty(name);
    }
  });
});
