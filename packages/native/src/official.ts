import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Refusal, complaint, run, type Job } from "./job.ts";

/** Seconds for the answer of a server, and for the download and what little is built. */
const KNOCK = 5;
const LIMIT = 1800;

/** Variables that lead tfjs-node's script elsewhere than to its usual server, which then need not answer. */
const DETOURS = [
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "TFJS_NODE_CDN_STORAGE",
  "CDN_STORAGE",
  "TFJS_NODE_BASE_URI",
  "npm_config_TFJS_NODE_BASE_URI",
];

/** Whether tfjs-node's own download could be of use here. Errors: Refusal, with why not. */
export async function expectOfficial(job: Job): Promise<void> {
  const { platform, arch } = process;
  if (arch !== "x64" || !["linux", "darwin", "win32"].includes(platform)) {
    throw new Refusal(`there is none for ${platform} on ${arch}`);
  }
  if (!job.gpu) return;
  if (platform === "darwin") throw new Refusal("there is none with a GPU for macOS");
  // It is TensorFlow 2.9, which looks for CUDA 11 among the system's libraries.
  if (platform === "linux" && !(await systemHas(job, "libcudart.so.11.0"))) {
    throw new Refusal("it needs CUDA 11.2, which is not installed here");
  }
}

async function systemHas(job: Job, library: string): Promise<boolean> {
  const folders = (job.env["LD_LIBRARY_PATH"] ?? "").split(":").filter(Boolean);
  if (folders.some((folder) => existsSync(join(folder, library)))) return true;
  const commands = ["ldconfig", "/sbin/ldconfig"];
  for (const command of commands) {
    const { ok, out } = await run(job, command, ["-p"], { cwd: job.stage, limit: 10 });
    if (ok) return out.includes(library);
  }
  return false;
}

/** Runs the install script of tfjs-node itself, which downloads TensorFlow and a binding. Errors: Refusal. */
export async function installOfficial(job: Job, at: string): Promise<string> {
  const { binary } = JSON.parse(await readFile(join(at, "package.json"), "utf8")) as { binary: { host: string } };
  if (!DETOURS.some((name) => job.env[name])) await knock(job, binary.host);
  job.tell("downloading tfjs-node's official binary");
  const args = ["rebuild", job.package, "--ignore-scripts=false", "--foreground-scripts", "--loglevel=error"];
  const ran = await run(job, "npm", args, { cwd: job.app, limit: LIMIT });
  if (!ran.ok) throw new Refusal(`its install script failed (${complaint(ran)})`);
  return "the official download";
}

async function knock({ signal }: Job, host: string): Promise<void> {
  try {
    await fetch(host, { method: "HEAD", signal: AbortSignal.any([signal, AbortSignal.timeout(1000 * KNOCK)]) });
  } catch (error) {
    signal.throwIfAborted();
    const { name, message, cause } = error as Error;
    const why = name === "TimeoutError" ? `in ${KNOCK} s` : `(${(cause as { code?: string })?.code ?? message})`;
    throw new Refusal(`${new URL(host).host}, where it lies, does not answer ${why}`);
  }
}
