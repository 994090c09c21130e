// Set-up and one task with nothing but Node and npm on the machine: npm start, npm test, npm run setup.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const spec = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
const shell = process.platform === "win32"; // pnpm and npx are .cmd files there
const [task, ...rest] = process.argv.slice(2);

function run(command, args, options = {}) {
  const env = {
    ...process.env,
    COREPACK_ENABLE_STRICT: "0",
    COREPACK_ENABLE_AUTO_PIN: "0",
    COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
  };
  return spawnSync(command, args, { cwd: root, stdio: "inherit", env, ...options });
}
const own = run("pnpm", ["--version"], { stdio: "pipe", encoding: "utf8", shell });
const present = own.status === 0 && `pnpm@${own.stdout.trim()}` === spec;
function pnpm(...args) {
  const { status } = present ? run("pnpm", args, { shell }) : run("npx", ["--yes", spec, ...args], { shell });
  if (status !== 0) process.exit(status ?? 1);
}
function node(...args) {
  const { status } = run(process.execPath, args);
  if (status !== 0) process.exit(status ?? 1);
}

/** tfjs-node for the tests that need it, from a TensorFlow that Python or pip has. Without it they are skipped, and nothing fails. */
async function native() {
  const { findNative, installNative } = await import("../packages/native/dist/index.js");
  const minutes = 5;
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once("SIGINT", interrupt);
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(minutes * 60_000)]);
  try {
    if (process.env.REGIMEN_TFJS_NODE) return console.log("native tests: run (where REGIMEN_TFJS_NODE says)");
    if (!findNative("@tensorflow/tfjs-node")) console.log("native tests: building tfjs-node, once for this machine");
    const { tensorflow } = await installNative({ ways: ["installed", "pip"], signal });
    console.log(`native tests: run (TensorFlow ${tensorflow})`);
  } catch (error) {
    if (stop.signal.aborted) process.exit(130);
    const why = error.name === "TimeoutError" ? `not ready after ${minutes} minutes` : error.message;
    console.log(`native tests: skipped: ${why}`);
  } finally {
    process.off("SIGINT", interrupt);
  }
}

// Ctrl-C reaches whatever runs: it says how to go on, and its exit code is ours.
process.on("SIGINT", () => {});

const tasks = {
  setup() {
    pnpm("install", "--frozen-lockfile", "--reporter=append-only", "--loglevel=warn");
    node("scripts/build.mjs");
  },
  start() {
    tasks.setup();
    node("scripts/demo.mjs", ...rest);
  },
  async test() {
    tasks.setup();
    pnpm("run", "typecheck");
    await native();
    pnpm("run", "test:unit", ...rest);
  },
};
if (!tasks[task]) {
  console.error(`usage: node scripts/dev.mjs ${Object.keys(tasks).join("|")}`);
  process.exit(2);
}
await tasks[task]();
