import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageLaws } from "@regimen/testkit";
import { afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { findAdapter, type Adapter, type Gpu } from "../src/adapter.ts";
import { watchErrors } from "../src/errors.ts";
import plugin, { webgpu } from "../src/index.ts";

packageLaws(new URL("..", import.meta.url), { describe, test });

it("registers one backend, for auto", () => {
  const seen: unknown[] = [];
  plugin.register({ backend: (backend: unknown) => seen.push(backend) } as unknown as Parameters<
    typeof plugin.register
  >[0]);
  expect(seen).toEqual([webgpu]);
  expect([webgpu.name, webgpu.rank, webgpu.auto]).toEqual(["webgpu", 30, true]);
});

describe("an adapter", () => {
  const answering = (info: Partial<Adapter["info"]> | null, more: Partial<Adapter> = {}): Gpu => ({
    requestAdapter: async () =>
      info && { ...more, info: { vendor: "", architecture: "", device: "", description: "", ...info } },
  });
  beforeEach(() => vi.stubEnv("REGIMEN_WEBGPU_SOFTWARE", ""));
  afterEach(() => vi.unstubAllEnvs());

  it("is taken where it is a card", async () => {
    const { info } = await findAdapter(answering({ vendor: "nvidia", architecture: "hopper" }));
    expect(info.vendor).toBe("nvidia");
  });

  it.each([
    ["a fallback by its info", answering({ vendor: "any", isFallbackAdapter: true })],
    ["a fallback by itself", answering({ vendor: "any" }, { isFallbackAdapter: true })],
    ["SwiftShader", answering({ vendor: "google", architecture: "swiftshader" })],
    ["Mesa's", answering({ vendor: "mesa", description: "llvmpipe (LLVM 15.0.6, 256 bits)" })],
    ["Direct3D's", answering({ vendor: "microsoft", description: "Microsoft Basic Render Driver" })],
  ])("is refused where it calculates on the processor: %s", async (_, gpu) => {
    await expect(findAdapter(gpu)).rejects.toThrow(/calculates on the processor.*REGIMEN_WEBGPU_SOFTWARE=1/);
    vi.stubEnv("REGIMEN_WEBGPU_SOFTWARE", "1");
    await expect(findAdapter(gpu)).resolves.toBeDefined();
  });

  it("is missed", async () => {
    await expect(findAdapter(answering(null))).rejects.toThrow(
      /finds no graphics adapter; install the graphics driver/,
    );
  });
});

describe("in Node", () => {
  let folder: string;
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "regimen-webgpu-"));
    vi.stubEnv("REGIMEN_WEBGPU", folder);
    vi.stubEnv("REGIMEN_WEBGPU_SOFTWARE", "");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
    vi.unstubAllEnvs();
    if (before) Object.defineProperty(globalThis, "navigator", before);
    else delete (globalThis as { navigator?: unknown }).navigator;
  });

  it("the package webgpu is found from REGIMEN_WEBGPU, and put where tfjs looks for it", async () => {
    const at = join(folder, "node_modules", "webgpu");
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, "package.json"), JSON.stringify({ name: "webgpu", type: "module", main: "index.js" }));
    const source = `export const globals = { GPUMadeUp: 7 }; export const create = () => ({ requestAdapter: async () => null });`;
    writeFileSync(join(at, "index.js"), source);
    await expect(webgpu.load()).rejects.toThrow(/finds no graphics adapter/);
    expect(globalThis).toMatchObject({ GPUMadeUp: 7, navigator: { gpu: expect.anything() } });
    delete (globalThis as { GPUMadeUp?: unknown }).GPUMadeUp;
  });
});

describe("errors beside the calls", () => {
  function watchedBackend() {
    let listener: (event: { error: Error }) => void = () => undefined;
    let lose: (how: { reason: string; message: string }) => void = () => undefined;
    const backend = {
      disposed: false,
      device: {
        addEventListener: (_: string, on: typeof listener) => (listener = on),
        lost: new Promise<{ reason: string; message: string }>((resolve) => (lose = resolve)),
      },
      getBufferData: async () => new ArrayBuffer(4),
    };
    watchErrors(backend);
    return { backend, report: (error: Error) => listener({ error }), lose };
  }

  it("are thrown by the next read, the first of them, once", async () => {
    const { backend, report } = watchedBackend();
    expect((await backend.getBufferData()).byteLength).toBe(4);
    report(new Error("a shader is wrong\nin line 7"));
    report(new Error("and so it is invalid"));
    await expect(backend.getBufferData()).rejects.toThrow(/^WebGPU: a shader is wrong$/);
    expect((await backend.getBufferData()).byteLength).toBe(4);
  });

  it("say what to do where memory is short", async () => {
    const { backend, report } = watchedBackend();
    class GPUOutOfMemoryError extends Error {}
    report(new GPUOutOfMemoryError("out"));
    await expect(backend.getBufferData()).rejects.toThrow(/no memory left; use a smaller batch/);
  });

  it("say that the device is lost", async () => {
    const { backend, lose } = watchedBackend();
    lose({ reason: "unknown", message: "it fell off the bus" });
    await Promise.resolve();
    await expect(backend.getBufferData()).rejects.toThrow(/lost the device: it fell off the bus/);
  });
});
