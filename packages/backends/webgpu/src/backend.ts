import type { Backend, Recorder } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { describe, findAdapter, findGpu } from "./adapter.ts";
import { watchErrors } from "./errors.ts";
import { registerKernels } from "./kernels/index.ts";
import { importFound, isNode } from "./locate.ts";
import { recorderFor } from "./record/recording.ts";
import type { TfjsWebGpu } from "./tfjs.ts";

const TFJS_NAME = "webgpu";

/** Loading twice registers nothing twice. */
let registered = false;
/** One backend for the process, whose errors are watched, and its recorder. */
let watched: unknown;
let record: Recorder | undefined;

/** A GPU through WebGPU: Vulkan, Metal or Direct3D 12, whoever made it. In Node through the package `webgpu`, in browsers as it comes. */
export const webgpu: Backend = {
  name: "webgpu",
  rank: 30,
  auto: true,
  async load() {
    const adapter = await findAdapter(await findGpu());
    const version = await loadTfjs();
    if (!(await tf.setBackend(TFJS_NAME))) throw new Error("tfjs could not start its WebGPU backend.");
    await tf.ready();
    if (!registered) registerKernels();
    registered = true;
    if (watched !== tf.backend()) {
      watched = tf.backend();
      watchErrors(watched);
      record = recorderFor(watched as TfjsWebGpu);
    }
    return { tfjs: TFJS_NAME, version, device: describe(adapter), record: record! };
  },
};

async function loadTfjs(): Promise<string> {
  const name = "@tensorflow/tfjs-backend-webgpu";
  // Bundlers find the second by its name.
  const found = await (isNode() ? importFound(name) : import("@tensorflow/tfjs-backend-webgpu"));
  if (!found) throw new Error(`${name} is not installed; run: npm i ${name}@${tf.version_core}`);
  if (!tf.findBackendFactory(TFJS_NAME))
    throw new Error(
      `${name} brought a copy of @tensorflow/tfjs-core of its own, or was imported before WebGPU was there; install the same version of both: npm i @tensorflow/tfjs-core@${tf.version_core} ${name}@${tf.version_core}`,
    );
  return tf.version_core;
}
