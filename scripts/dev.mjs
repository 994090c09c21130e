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
  test() {
    tasks.setup();
    pnpm("run", "typecheck");
    pnpm("run", "test:unit", ...rest);
  },
};
if (!tasks[task]) {
  console.error(`usage: node scripts/dev.mjs ${Object.keys(tasks).join("|")}`);
  process.exit(2);
}
tasks[task]();
