// All that continuous integration runs, in one go: types, lint, format, dead code, package validity, tests.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules", ".bin", process.platform === "win32" ? `${name}.cmd` : name);
const checks = [
  ["types", bin("tsc"), ["-p", "tsconfig.json"]],
  ["lint", bin("oxlint"), ["--deny-warnings"]],
  ["format", bin("prettier"), ["--check", "--log-level", "warn", "."]],
  ["dead code", bin("knip"), []],
  [
    "reference",
    process.execPath,
    ["docs/reference/node_modules/typedoc/bin/typedoc", "--options", "docs/reference/typedoc.mjs", "--emit", "none"],
  ],
  ["package validity", process.execPath, ["scripts/validity.mjs"]],
  ["tests", bin("vitest"), ["run", ...process.argv.slice(2)]],
];
const failed = checks.filter(([what, command, args]) => {
  console.log(`\n— ${what}`);
  return spawnSync(command, args, { cwd: root, stdio: "inherit", shell: command.endsWith(".cmd") }).status !== 0;
});
console.log(failed.length ? `\nfailed: ${failed.map(([what]) => what).join(", ")}` : "\nall checks passed");
process.exit(failed.length ? 1 : 0);
