import { importFound, isNode } from "./locate.ts";

/** What of WebGPU we ask for ourselves; TypeScript's own types of it are a browser's. */
export interface Gpu {
  requestAdapter(options?: { readonly powerPreference?: "high-performance" }): Promise<Adapter | null>;
}
export interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}
type WebGpuPackage = {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
};

/** Adapters that calculate on the processor: SwiftShader, Mesa's, Direct3D's. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/**
 * What `navigator.gpu` is in a browser. In Node the package `webgpu` (Dawn) is put there, and WebGPU's classes among the
 * globals, where tfjs looks for them. Errors: no WebGPU.
 */
export async function findGpu(): Promise<Gpu> {
  const host = globalThis as unknown as { navigator?: { readonly gpu?: Gpu } };
  if (host.navigator?.gpu) return host.navigator.gpu;
  if (!isNode()) throw new Error("This browser has no WebGPU; use a current Chrome, Edge, Firefox or Safari.");
  const found = (await importFound("webgpu")) as WebGpuPackage | undefined;
  if (!found) throw new Error("webgpu is not installed; run: npm i webgpu @tensorflow/tfjs-backend-webgpu");
  for (const [name, value] of Object.entries(found.globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  const gpu = found.create([]);
  // Node 20 has no navigator.
  if (!host.navigator)
    Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Node.js" }, configurable: true });
  Object.defineProperty(host.navigator, "gpu", { value: gpu, configurable: true });
  return gpu;
}

/**
 * The adapter that tfjs will use, too. Errors: none answers, or only one that calculates on the processor, which is slower
 * than WebAssembly: REGIMEN_WEBGPU_SOFTWARE=1 takes it all the same.
 */
export async function findAdapter(gpu: Gpu): Promise<Adapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new Error("WebGPU finds no graphics adapter; install the graphics driver, and on Linux libvulkan1 with it.");
  const allowed = isNode() && process.env["REGIMEN_WEBGPU_SOFTWARE"] === "1";
  if (isSoftware(adapter) && !allowed)
    throw new Error(
      `WebGPU finds no graphics adapter but ${describe(adapter)}, which calculates on the processor, slower than the backend wasm; set REGIMEN_WEBGPU_SOFTWARE=1 to use it all the same.`,
    );
  return adapter;
}

export function describe({ info }: Adapter): string {
  return [info.vendor, info.architecture, info.description || info.device].filter(Boolean).join(" ");
}

function isSoftware({ info, isFallbackAdapter }: Adapter): boolean {
  const names = [info.vendor, info.architecture, info.device, info.description].join(" ");
  return Boolean(isFallbackAdapter ?? info.isFallbackAdapter) || SOFTWARE.test(names);
}
