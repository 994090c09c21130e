// Runtimes of other people that read what is exported, where they are.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A tensor's numbers, and their shape. */
export type Numbers = { readonly data: Float32Array; readonly dims: readonly number[] };

type Ort = {
  readonly env: { readonly wasm: { numThreads: number }; logLevel: string };
  readonly Tensor: new (dtype: "float32", data: Float32Array, dims: readonly number[]) => unknown;
  readonly InferenceSession: { create(model: Uint8Array): Promise<Session> };
};
type Session = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, Numbers>>;
  release(): Promise<void>;
};

/** onnxruntime-web, as this package or the folder in REGIMEN_ONNXRUNTIME sees it. */
async function findOrt(): Promise<Ort | undefined> {
  const named = process.env["REGIMEN_ONNXRUNTIME"];
  const require = createRequire(named === undefined ? import.meta.url : pathToFileURL(join(named, "package.json")));
  try {
    const ort = (await import(pathToFileURL(require.resolve("onnxruntime-web")).href)) as { default: Ort };
    ort.default.env.wasm.numThreads = 1;
    return ort.default;
  } catch {
    return undefined;
  }
}
export const ort = await findOrt();
export const noOrt = ort ? "" : " (skipped: no onnxruntime-web here)";

/** All outputs of an ONNX model in onnxruntime-web, in order. */
export async function runOnnx(model: Uint8Array, image: Numbers): Promise<Numbers[]> {
  const session = await ort!.InferenceSession.create(model);
  const feeds = { [session.inputNames[0]!]: new ort!.Tensor("float32", image.data, image.dims) };
  const outputs = await session.run(feeds);
  const answers = session.outputNames.map((name) => outputs[name]!);
  await session.release();
  return answers;
}

/** The first of REGIMEN_PYTHON and python3 that can import all of `modules`. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  // Found, not imported: TensorFlow takes seconds.
  const script = `import importlib.util as u, sys; sys.exit(not all(u.find_spec(m) for m in ${JSON.stringify(modules)}))`;
  const candidates = [process.env["REGIMEN_PYTHON"], "python3"].filter((name) => name !== undefined);
  return candidates.find((name) => spawnSync(name, ["-c", script]).status === 0);
}

/** What a Python program answers on each file for the image; its arguments are the image's shape and the files. */
export function runPython(python: string, program: string, files: readonly string[], image: Numbers): Float32Array[] {
  const folder = mkdtempSync(join(tmpdir(), "regimen-export-"));
  writeFileSync(join(folder, "image"), image.data);
  const given = [join(__dirname, program), folder, image.dims.join(), ...files];
  const { status, stderr } = spawnSync(python, given, {
    encoding: "utf8",
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  if (status !== 0) throw new Error(stderr);
  return files.map((_, at) => {
    const file = join(folder, `answer${at}`);
    if (!existsSync(file)) throw new Error(`no answer for ${files[at]}`);
    return new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  });
}
