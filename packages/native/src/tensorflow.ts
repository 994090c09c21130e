import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { needRoom } from "./disk.ts";
import { Refusal, type Job } from "./job.ts";
import { downloadWheel, findPip, reason } from "./pip.ts";
import { describe, type Python } from "./python.ts";
import { cudaPackages, unpack } from "./wheel.ts";

/** TensorFlow as its wheels hold it. */
export type TensorFlow = {
  /** With the libraries and `include` in it. */ readonly folder: string;
  /** The packages of CUDA, which the libraries look for beside their own folder. */ readonly nvidia:
    string | undefined;
  /** In words. */ readonly from: string;
};

/** The two libraries of a wheel, by the names under which they know each other. */
export const LIBRARIES =
  process.platform === "darwin"
    ? ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"]
    : ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"];

/** The first of these Pythons whose TensorFlow will do. Errors: Refusal, with what is wrong with each. */
export function installedTensorFlow(job: Job, pythons: readonly Python[]): TensorFlow {
  const wrong: string[] = [];
  for (const python of pythons) {
    const { tensorflow } = python;
    const who = describe(python);
    const why = tensorflow === null ? "has no TensorFlow" : unfit(job, tensorflow);
    if (why !== undefined) wrong.push(`${who} ${why}`);
    else {
      const nvidia = join(tensorflow!, "..", "nvidia");
      return { folder: tensorflow!, nvidia: existsSync(nvidia) ? nvidia : undefined, from: who };
    }
  }
  const wheel = job.gpu ? "'tensorflow[and-cuda]'" : "tensorflow-cpu";
  throw new Refusal(
    wrong.join("; ") || "there is no Python 3",
    `pip install ${wheel}, and name that Python with --python`,
  );
}

function unfit({ gpu }: Job, folder: string): string | undefined {
  const needed = [...LIBRARIES, join("include", "tensorflow", "c", "c_api.h")];
  const lacking = needed.find((file) => !existsSync(join(folder, file)));
  if (lacking !== undefined) return `has a TensorFlow without ${lacking}`;
  return gpu && !builtForCuda(folder) ? "has a TensorFlow that was built without CUDA" : undefined;
}

function builtForCuda(folder: string): boolean {
  const info = join(folder, "python", "platform", "build_info.py");
  return existsSync(info) && /is_cuda_build\W+True/.test(readFileSync(info, "utf8"));
}

/** TensorFlow from wheels that pip downloads, unpacked in the stage as far as it is needed. Errors: Refusal. */
export async function downloadedTensorFlow(job: Job, pythons: readonly Python[]): Promise<TensorFlow> {
  const pip = await findPip(job, pythons);
  await needRoom(job, job.gpu ? 10 : 1.5);
  job.tell("asking pip for TensorFlow");
  const [wheels, into] = [join(job.stage, "wheels"), join(job.stage, "unpacked")];
  await mkdir(wheels);
  const names = job.gpu || process.platform === "darwin" ? ["tensorflow"] : ["tensorflow-cpu", "tensorflow"];
  const wheel = await downloadWheel(job, pip, names, wheels);
  job.tell("unpacking TensorFlow");
  await unpack(join(wheels, wheel), into, ofUse, job.signal);
  if (job.gpu) {
    const packages = await cudaPackages(join(wheels, wheel));
    if (packages.length === 0) throw new Refusal(`${wheel} names no packages of CUDA`);
    job.tell(`downloading ${packages.length} packages of CUDA`);
    const ran = await pip.download(wheels, ...packages);
    if (!ran.ok) throw new Refusal(`${pip.name} could not get the packages of CUDA (${reason(ran)})`);
    job.tell("unpacking CUDA");
    for (const file of await readdir(wheels)) {
      if (file !== wheel) await unpack(join(wheels, file), into, (name) => !name.includes("/include/"), job.signal);
    }
  }
  await rm(wheels, { recursive: true });
  const nvidia = job.gpu ? join(into, "nvidia") : undefined;
  return { folder: join(into, "tensorflow"), nvidia, from: `${wheel}, by ${pip.name}` };
}

/** Of a wheel's ten thousand headers the binding reads a dozen of the C interface. */
function ofUse(file: string): boolean {
  const [top, ...rest] = file.split("/");
  if (top !== "tensorflow") return false;
  return LIBRARIES.includes(rest.join("/")) || /^include\/.*\/(c|platform)\/.*\.h$/.test(rest.join("/"));
}
