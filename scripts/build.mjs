// Builds every package: JavaScript with tsup, and with Vite the page of those that have one; with --types, declarations too
// (only publishing and the checks need them).
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { build } from "tsup";
import { build as buildPage } from "vite";
import { packages, root } from "./packages.mjs";

process.chdir(root);
for (const { folder } of packages) {
  const entry = readdirSync(join(folder, "src"))
    .filter((file) => ["index.ts", "bin.ts"].includes(file))
    .map((file) => join(folder, "src", file));
  await build({
    entry,
    outDir: join(folder, "dist"),
    format: ["esm"],
    target: "es2022",
    platform: "node",
    splitting: true,
    sourcemap: true,
    clean: true,
    dts: false, // its declarations need a TypeScript API that version 7 lacks
    config: false,
    silent: true,
    skipNodeModulesBundle: true,
  });
  const page = join(folder, "vite.config.ts");
  if (existsSync(page)) await buildPage({ configFile: page });
}

if (process.argv.includes("--types")) {
  const out = join(root, ".types");
  rmSync(out, { recursive: true, force: true });
  const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "..", "bin", "tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (run.status !== 0) process.exit(run.status ?? 1);
  for (const { folder } of packages) {
    const from = join(out, relative(root, folder), "src");
    cpSync(from, join(folder, "dist"), { recursive: true });
    rewrite(join(folder, "dist"));
  }
}

// Declarations name their neighbours with .ts; what is published has .js.
function rewrite(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) rewrite(path);
    else if (name.endsWith(".d.ts")) {
      const text = readFileSync(path, "utf8");
      writeFileSync(path, text.replace(/((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"']+)\.ts(["'])/g, "$1.js$2"));
    }
  }
}
