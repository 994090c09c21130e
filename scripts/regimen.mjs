// The command line from a checkout: npm run -s regimen -- ARGS. Paths are relative to where npm was called.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../packages/regimen/dist/bin.js", import.meta.url));
const { status } = spawnSync(process.execPath, [bin, ...process.argv.slice(2)], {
  stdio: "inherit",
  cwd: process.env.INIT_CWD ?? process.cwd(),
});
process.exit(status ?? 1);
