import { createRequire } from "node:module";
import { Refusal, complaint, run, type Job, type Ran } from "./job.ts";
import { KEY } from "./lend.ts";

/** Seconds: the first start on a cold disk reads a gigabyte. */
const LIMIT = 180;

/** A product and a gradient, each with its known answer; what TensorFlow says of itself goes to stdout. */
const PROOF = `
const [native, core, layers, key] = process.argv.slice(1);
const util = require("node:util");
util.isNullOrUndefined = (value) => value == null;
const tf = require(core);
globalThis[Symbol.for(key)] = tf;
require(layers); // registers tfjs-core's gradients
require(native);
const { binding, isUsingGpuDevice } = tf.backend();
if (tf.getBackend() !== "tensorflow") throw new Error("tfjs uses " + tf.getBackend());
const same = (got, expected) => {
  if (String(Array.from(got.dataSync())) !== String(expected)) throw new Error("expected " + expected + ", got " + got.dataSync());
};
const a = tf.tensor2d([[1, 2], [3, 4]]);
const b = tf.tensor2d([[5, 6], [7, 8]]);
same(tf.matMul(a, b), [19, 22, 43, 50]);
same(tf.grad((x) => tf.sum(tf.square(tf.matMul(x, b))))(a), [454, 618, 1030, 1402]);
console.log(JSON.stringify({ tensorflow: binding.TF_Version, gpu: Boolean(isUsingGpuDevice) }));
`;

export type Proof = { readonly tensorflow: string; readonly gpu: boolean };

/** Loads the package that lies in `at` into a process of its own, and calculates with it. Errors: Refusal. */
export async function prove(job: Job, at: string): Promise<Proof> {
  job.tell("proving that it works");
  const { resolve } = createRequire(import.meta.url);
  const tfjs = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-layers"].map((name) => resolve(name));
  const ran = await run(job, process.execPath, ["-e", PROOF, at, ...tfjs, KEY], {
    cwd: at,
    limit: LIMIT,
    env: { NODE_OPTIONS: undefined, TF_CPP_MIN_LOG_LEVEL: "2", TF_FORCE_GPU_ALLOW_GROWTH: "true" },
  });
  if (!ran.ok) throw new Refusal(`it was built but does not work (${complaint(ran)})`, todo(ran));
  const proof = JSON.parse(ran.out.trim().split("\n").at(-1)!) as Proof;
  if (job.gpu && !proof.gpu) {
    throw new Refusal(
      `TensorFlow ${proof.tensorflow} works but sees no GPU`,
      "check nvidia-smi, and that the packages of CUDA are those that this TensorFlow asks for",
    );
  }
  return proof;
}

/** TensorFlow's wheels are built for processors with AVX, and end the process where it is lacking. */
const todo = ({ ended }: Ran): string | undefined =>
  ended.includes("SIGILL") ? "this processor lacks instructions that TensorFlow needs; use --backend wasm" : undefined;
