import util from "node:util";
import type { Backend, Loaded, Recorder } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { registerKernels } from "./kernels.ts";
import { recorderFor } from "./record.ts";
import { requireThatFinds } from "./locate.ts";
import type { TensorFlow } from "./tensorflow.ts";

/** What both tfjs-node and tfjs-node-gpu register themselves as. */
const TFJS_NAME = "tensorflow";

/** TensorFlow on a GPU, where the user has installed `@tensorflow/tfjs-node-gpu` and TensorFlow sees one. */
export const nodeGpu: Backend = {
  name: "node-gpu",
  rank: 10,
  auto: true,
  async load() {
    const loaded = await start("@tensorflow/tfjs-node-gpu");
    if (!loaded.gpu) {
      throw new Error(
        "@tensorflow/tfjs-node-gpu is installed, but TensorFlow sees no GPU; check nvidia-smi and that the CUDA libraries match TensorFlow's version.",
      );
    }
    return loaded.description;
  },
};

/** TensorFlow on the processor, where the user has installed `@tensorflow/tfjs-node`. */
export const node: Backend = {
  name: "node",
  rank: 20,
  auto: true,
  async load() {
    return (await start("@tensorflow/tfjs-node")).description;
  },
};

/** One for the process, as TensorFlow is: graphs are shared between runs. */
let record: Recorder | undefined;

async function start(name: string): Promise<{ readonly gpu: boolean; readonly description: Loaded }> {
  // Two TensorFlows do not share a process: what an earlier attempt has loaded is used.
  if (!tf.findBackend(TFJS_NAME)) load(name);
  if (!(await tf.setBackend(TFJS_NAME))) throw new Error(`${name} could not start TensorFlow.`);
  await tf.ready();
  const backend = tf.backend() as unknown as TensorFlow;
  registerKernels(backend);
  const gpu = backend.isUsingGpuDevice;
  return {
    gpu,
    description: {
      tfjs: TFJS_NAME,
      version: backend.binding.TF_Version,
      device: `TensorFlow ${backend.binding.TF_Version} on ${gpu ? "a GPU" : "the processor"}`,
      record: (record ??= recorderFor(backend)),
    },
  };
}

/** The command that makes it work here. */
const native = (name: string): string => `npx regimen native${name.endsWith("-gpu") ? " --gpu" : ""}`;

/** Errors, in one sentence each: not installed, no native binding, a tfjs-core of its own, or whatever else it says. */
function load(name: string): void {
  const require = requireThatFinds(name);
  if (require === undefined) throw new Error(`${name} is not installed; run: ${native(name)}`);
  // tfjs-node calls a function that Node 23 removed, and that Node 22 complains about.
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  // TensorFlow's notices about the processor are no news to anybody.
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "1";
  // It brings the platform that is there already, and tfjs would warn of that on every start.
  const env = tf.env() as { platform: unknown };
  const { platform } = env;
  env.platform = undefined;
  try {
    require(name);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    const why = /native addon module|tfjs_binding/.test(said)
      ? `has no native binding for this machine; run: ${native(name)}`
      : `does not load (${said.split("\n")[0]}); run: ${native(name)}`;
    throw new Error(`${name} is installed but ${why}`, { cause });
  } finally {
    env.platform ??= platform;
  }
  if (!tf.findBackend(TFJS_NAME)) {
    throw new Error(
      `${name} brought a copy of @tensorflow/tfjs-core of its own, so nothing can be shared with it; install the same version of both: npm i @tensorflow/tfjs-core@${tf.version_core} ${name}@${tf.version_core}`,
    );
  }
}
