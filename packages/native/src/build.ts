import { constants } from "node:fs";
import { copyFile, link, mkdir, readFile, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "./cache.ts";
import { Refusal, complaint, run, type Job } from "./job.ts";
import { LIBRARIES, type TensorFlow } from "./tensorflow.ts";

const LIMIT = 600;
const MAC = process.platform === "darwin";

/** A C++ compiler that answers, as a command line. Errors: Refusal. */
export async function findCompiler(job: Job): Promise<string[]> {
  const named = job.env["CXX"]?.trim();
  for (const command of named ? [named.split(/\s+/)] : [["c++"], ["g++"], ["clang++"]]) {
    const [first, ...rest] = command as [string, ...string[]];
    if ((await run(job, first, [...rest, "--version"], { cwd: job.stage, limit: 60 })).ok) return command;
  }
  const install = MAC ? "xcode-select --install" : "apt install g++ (or your system's like)";
  throw new Refusal(named ? `CXX names "${named}", which does not run` : "there is no C++ compiler", install);
}

/**
 * Builds the package's binding against a TensorFlow, whose libraries are then at `deps/lib`. The binding speaks Node-API alone,
 * so it is two files, four headers and one call of the compiler: no Python, no make, nothing of node-gyp's, and one binding for
 * all versions of Node. Errors: Refusal.
 */
export async function build(job: Job, compiler: readonly string[], at: string, tensorflow: TensorFlow): Promise<void> {
  job.tell("compiling the binding");
  await layOut(job, at, tensorflow);
  const binding = await bindingFile(at);
  await mkdir(join(binding.file, ".."), { recursive: true });
  const [command, ...before] = compiler as [string, ...string[]];
  const includes = [join(packageFolder(job.app, "node-api-headers"), "include"), join(tensorflow.folder, "include")];
  const sources = ["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(at, "binding", file));
  const libraries = LIBRARIES.map((file) => join(at, "deps", "lib", file));
  const linking = MAC
    ? ["-Wl,-rpath,@loader_path/../../deps/lib", "-undefined", "dynamic_lookup"]
    : ["-Wl,-rpath,$ORIGIN/../../deps/lib"];
  const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", `-DNAPI_VERSION=${binding.napi}`];
  const args = [...before, ...flags, ...includes.map((folder) => `-I${folder}`), ...sources, ...libraries, ...linking];
  const ran = await run(job, command, [...args, "-o", binding.file], { cwd: at, limit: LIMIT });
  if (!ran.ok) throw new Refusal(`${command} could not compile the binding (${complaint(ran)})`);
}

/**
 * `deps/lib` as the folder `tensorflow` of a wheel, and `deps/nvidia` beside it as CUDA's packages are: the libraries look for
 * them by that way.
 */
async function layOut({ stage }: Job, at: string, { folder, nvidia }: TensorFlow): Promise<void> {
  const own = folder.startsWith(stage);
  const deps = join(at, "deps");
  await mkdir(join(deps, "lib"), { recursive: true });
  for (const file of LIBRARIES) await (own ? rename : share)(join(folder, file), join(deps, "lib", file));
  if (nvidia !== undefined) await (own ? rename(nvidia, join(deps, "nvidia")) : symlink(nvidia, join(deps, "nvidia")));
}

/** A second name for the file where the disk allows one, which outlives the first; else a link to it; else a copy. */
async function share(file: string, as: string): Promise<void> {
  for (const how of [link, symlink]) {
    try {
      return await how(file, as);
    } catch {
      // Another disk, or not allowed.
    }
  }
  await copyFile(file, as, constants.COPYFILE_FICLONE);
}

/** Where tfjs-node looks for its binding: by its manifest, in a folder for the newest Node-API that it knows. */
async function bindingFile(at: string): Promise<{ file: string; napi: number }> {
  const { binary } = JSON.parse(await readFile(join(at, "package.json"), "utf8")) as {
    binary: { module_name: string; module_path: string; napi_versions: number[] };
  };
  const napi = Math.max(...binary.napi_versions.filter((version) => version <= Number(process.versions.napi)));
  const folder = binary.module_path.replace("{napi_build_version}", String(napi));
  return { file: join(at, folder, `${binary.module_name}.node`), napi };
}
