import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const LIMIT = 120_000;
let count = 0;

/**
 * Runs TypeScript as if it stood in `folder`, in a process of its own, and returns what it printed. No build is needed:
 * imports are resolved from there, in the workspace to sources. Throws an Error with what went wrong.
 */
export async function runIn(folder: string, code: string): Promise<string> {
  // Below node_modules, so that what is not bundled is found too, and no tool takes it for a source.
  const out = join(folder, "node_modules", ".regimen-testkit");
  const file = join(out, `run-${process.pid}-${++count}.mjs`);
  mkdirSync(out, { recursive: true });
  try {
    await build({
      stdin: { contents: code, resolveDir: folder, sourcefile: "sample.ts", loader: "ts" },
      outfile: file,
      bundle: true,
      format: "esm",
      platform: "node",
      conditions: ["@regimen/source"],
      external: ["*.node", "sharp"],
      // tfjs' backends say that importing their entry does nothing, and register themselves when it is imported.
      ignoreAnnotations: true,
      // CommonJS packages in an ES module still call require, and ask for their file's name.
      banner: {
        js: `import { createRequire as requireHere } from "node:module"; const require = requireHere(import.meta.url);
             globalThis.__filename = import.meta.filename; globalThis.__dirname = import.meta.dirname;`,
      },
      logLevel: "silent",
    });
    return await run(file, folder);
  } finally {
    rmSync(file, { force: true });
  }
}

function run(file: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], { cwd, stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT });
    const [out, errors]: [string[], string[]] = [[], []];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(out.join(""));
      else
        reject(
          new Error(`it ended with ${signal ?? code}: ${`${out.join("")}\n${errors.join("")}`.trim().slice(-4000)}`),
        );
    });
  });
}
