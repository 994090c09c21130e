// Packs every package as it would be published and holds the tarball against what Node and TypeScript expect of it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packages, root } from "./packages.mjs";

const run = (command, args, cwd = root) =>
  spawnSync(command, args, { cwd, encoding: "utf8", shell: process.platform === "win32" });
const bin = (name) => join(root, "node_modules", ".bin", name);
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

const built = run(process.execPath, [join(root, "scripts", "build.mjs"), "--types"]);
if (built.status !== 0) {
  console.error(built.stdout, built.stderr);
  process.exit(1);
}
/** Packages that a package's declarations import and its manifest does not name: whoever installs it alone lacks them. */
function unnamed(home, { name, dependencies = {}, peerDependencies = {} }) {
  const seen = new Set();
  const asked = new Set();
  const visit = (file) => {
    if (seen.has(file) || !existsSync(file)) return;
    seen.add(file);
    for (const [, from] of readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*["']([^"']+)["']/g))
      if (from.startsWith(".")) visit(join(dirname(file), from.replace(/\.js$/, ".d.ts")));
      else asked.add(/^(?:@[^/]+\/)?[^/]+/.exec(from)[0]);
  };
  visit(join(home, "dist", "index.d.ts"));
  const known = [name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  return [...asked].filter((one) => !one.startsWith("node:") && !known.includes(one));
}

const folder = mkdtempSync(join(tmpdir(), "regimen-pack-"));
let bad = 0;
for (const { folder: home, manifest } of packages) {
  for (const missing of unnamed(home, manifest)) {
    console.error(`${manifest.name}: its declarations import ${missing}, which it does not depend on`);
    bad++;
  }
  const packed = run("npx", ["--yes", packageManager, "pack", "--pack-destination", folder, "--json"], home);
  if (packed.status !== 0) {
    console.error(`${manifest.name}: cannot be packed\n${packed.stdout}${packed.stderr}`);
    bad++;
    continue;
  }
  const tarball = join(folder, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`);
  for (const [tool, args] of [
    ["publint", ["run", tarball, "--strict"]],
    ["attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-emoji"]],
  ]) {
    const checked = run(bin(tool), args);
    if (checked.status === 0) continue;
    console.error(`${manifest.name}: ${tool}\n${checked.stdout}${checked.stderr}`);
    bad++;
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(bad ? `${bad} problems` : `${packages.length} packages are valid`);
process.exit(bad ? 1 : 0);
