// The command line from a checkout: npm run -s regimen -- ARGS. Paths are relative to where npm was called.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../packages/regimen/dist/bin.js", import.meta.url));
// Ctrl-C reaches the command as well: it saves what was done, and its exit code is ours.
process.on("SIGINT", () => {});
const { status } = spawnSync(process.execPath, [bin, ...process.argv.slice(2)], {
  stdio: "inherit",
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
process.exit(status ?? 1);
