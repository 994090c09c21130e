import type { FitResult, JobOptions, Regimen, Running } from "@regimen/core";
import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import type { Io } from "../src/index.ts";
import { fastest, shareOf } from "../src/machine/shares.ts";
import { cli, install, pluginCode, temp, write } from "./fake.ts";

const backends = `
  const make = (name, rank, auto, load) => into.backend({ name, rank, auto, load });
  make("cpu", 90, false, async () => ({ tfjs: "cpu", version: "4.22.0", device: "one core" }));
  make("gpu", 10, true, async () => { throw new Error("no driver\\nsecond line"); });
  make("node", 20, true, async () => ({ tfjs: "tensorflow", version: "2.21.0", device: "TensorFlow" }));
  make("wasm", 40, true, async () => ({ tfjs: "wasm", version: "4.22.0", device: "SIMD" }));`;

/** A folder where these backends are installed. */
function place(files: Readonly<Record<string, string>> = {}): string {
  const cwd = temp();
  write(cwd, { "package.json": { dependencies: { b: "1" } }, ...files });
  install(cwd, "b", { regimen: { kind: "backend", api: 1 } }, pluginCode("b", backends));
  return cwd;
}

type Fit = (images: number) => number;
/** Trains nothing: `fit` says how many images a second it did, given how many there were. */
function trainer(paces: Readonly<Record<string, Fit>>, looks: string[] = []): Pick<Io, "createRegimen"> {
  const createRegimen = async ({ backend }: { backend?: string }): Promise<Regimen> =>
    ({
      registered: { architectures: [{ name: "resnet20" }], scaffolds: [{}] },
      fit: ({ data }: JobOptions) => {
        const { length } = data.train as { length: number };
        looks.push(`${backend} ${length}`);
        const result = { imagesPerSecond: paces[backend!]!(length), model: { dispose: () => undefined } };
        return Promise.resolve(result) as unknown as Running<FitResult>;
      },
      dispose: async () => undefined,
    }) as unknown as Regimen;
  return { createRegimen };
}

describe("regimen doctor", () => {
  it("tries the ladder in order and says why", async () => {
    const cwd = place();
    const { code, out } = await cli(["doctor", "--json", "--no-speed"], { cwd });
    expect(code).toBe(0);
    const untimed = { imagesPerSecond: null };
    expect(JSON.parse(out)).toEqual({
      chosen: "node",
      backends: [
        { name: "gpu", available: false, reason: "no driver", version: null, device: null, ...untimed },
        { name: "node", available: true, reason: null, version: "2.21.0", device: "TensorFlow", ...untimed },
        { name: "wasm", available: true, reason: null, version: "4.22.0", device: "SIMD", ...untimed },
        {
          name: "cpu",
          available: true,
          reason: "only when asked for by name",
          version: "4.22.0",
          device: "one core",
          ...untimed,
        },
      ],
      workers: [],
    });
    const shown = await cli(["doctor", "--no-speed"], { cwd });
    expect(shown.out).toMatch(/node is what a run takes unless told otherwise\n$/);
    expect((await cli(["doctor", "--backend", "wams"], { cwd })).err).toContain(
      'REG_BACKEND_UNKNOWN: no backend is called "wams"; the nearest is "wasm"',
    );
  });

  it("measures those that a run may take, longer where a first look shows that they are quick", async () => {
    const looks: string[] = [];
    const world = { cwd: place(), ...trainer({ node: (n) => (n > 64 ? 321.4 : 200), wasm: () => 60.7 }, looks) };
    const { out } = await cli(["doctor", "--json"], world);
    expect(looks).toEqual(["node 64", "node 192", "wasm 64"]);
    const paces = (JSON.parse(out) as { backends: { imagesPerSecond: number | null }[] }).backends;
    expect(paces.map(({ imagesPerSecond }) => imagesPerSecond)).toEqual([null, 321.4, 60.7, null]);
  });

  it("says what is faster here by what was measured", async () => {
    const cwd = place();
    const usual = await cli(["doctor"], { cwd, ...trainer({ node: () => 300, wasm: () => 60 }) });
    expect(usual.out).toMatch(/● node +300 images\/s · TensorFlow · 2\.21\.0\n +○ wasm +60 images\/s/);
    expect(usual.out).toContain(
      "node is what a run takes unless told otherwise; it is the fastest here, 5.0\n  times wasm",
    );
    expect(usual.out).toContain("images/s: training a ResNet-20");
    expect(usual.out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const odd = await cli(["doctor"], { cwd, ...trainer({ node: () => 30, wasm: () => 60 }) });
    expect(odd.out.replaceAll(/\n */g, " ")).toContain(
      "node is what a run takes unless told otherwise; wasm is faster here, 2.0 times as fast: --backend wasm",
    );
  });

  it("a backend that loads but does not train is told from one that works", async () => {
    const broken = () => {
      throw new Error("memory access out of bounds");
    };
    const { out } = await cli(["doctor", "--json"], { cwd: place(), ...trainer({ node: () => 300, wasm: broken }) });
    expect(JSON.parse(out)).toMatchObject({
      backends: [
        {},
        { reason: null },
        { available: true, reason: "a short training failed: memory access out of bounds", imagesPerSecond: null },
        {},
      ],
    });
  });

  it("takes more workers only where they are clearly faster together", () => {
    const found = (...paces: number[]) => paces.map((imagesPerSecond, i) => ({ workers: 2 ** i, imagesPerSecond }));
    expect(fastest([])).toBeUndefined();
    expect(fastest(found(100, 104, 90))!.workers).toBe(1);
    expect(fastest(found(100, 150, 154))!.workers).toBe(2);
    expect(fastest(found(100, 104, 160))!.workers).toBe(4);
    // Each has its share of the cores, and what somebody has set stands.
    const share = shareOf(1, availableParallelism(), "node");
    expect(share).toMatchObject(process.env["REGIMEN_THREADS"] === undefined ? { REGIMEN_THREADS: "1" } : {});
    expect(shareOf(1, 2, "node-gpu")).toEqual(
      process.env["CUDA_VISIBLE_DEVICES"] === undefined ? { CUDA_VISIBLE_DEVICES: "1" } : {},
    );
  });

  it("tries each in a process of its own where it can", async () => {
    const cwd = place({
      // Stands for the command line: one backend answers, one takes its process down, as native ones may.
      "self.mjs": `const name = process.argv[process.argv.indexOf("--backend") + 1];
        if (name === "gpu") { console.error("Segmentation fault"); process.exit(139); }
        const imagesPerSecond = process.argv.includes("--no-speed") ? null : 5;
        console.log(JSON.stringify({ chosen: name, backends: [{ name, available: true, reason: null, version: "1", device: "d", imagesPerSecond }] }));`,
    });
    const world = { cwd, env: process.env, self: [process.execPath, `${cwd}/self.mjs`] };
    const { out } = await cli(["doctor", "--json"], world);
    expect(JSON.parse(out)).toMatchObject({
      chosen: "node",
      backends: [
        { name: "gpu", available: false, reason: "its process ended with code 139: Segmentation fault" },
        { name: "node", imagesPerSecond: 5 },
        { name: "wasm", imagesPerSecond: 5 },
        { name: "cpu" },
      ],
    });
    // The one that a run takes, again in several processes at once: what they did together.
    const counts = [2, 4, 8].filter((count) => count <= availableParallelism());
    const shared = counts.map((workers) => ({ workers, imagesPerSecond: 5 * workers }));
    const alone = counts.length ? [{ workers: 1, imagesPerSecond: 5 }] : [];
    expect((JSON.parse(out) as { workers: unknown }).workers).toEqual([...alone, ...shared]);
    const untimed = await cli(["doctor", "--json", "--no-speed"], world);
    expect(JSON.parse(untimed.out)).toMatchObject({ backends: [{}, { imagesPerSecond: null }, {}, {}] });
  });
});
