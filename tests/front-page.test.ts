// The README's sample, as it stands there but for less training, run by plain Node on the built packages.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";

const packageOf = (name: string): string => fileURLToPath(new URL(`../packages/${name}`, import.meta.url));
const built = existsSync(join(packageOf("regimen"), "dist/bin.js"));
const SIZE = 8;

/** Two classes of noise, one darker than the other. */
function photos(folder: string): void {
  for (const [name, most] of [
    ["dark", 100],
    ["light", 250],
  ] as const) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let picture = 0; picture < 40; picture++) {
      const data = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, at) => (at * (picture + 7) * 31) % most);
      writeFileSync(join(folder, name, `${picture}.png`), encode({ width: SIZE, height: SIZE, channels: 3, data }));
    }
  }
}

describe("the front page", () => {
  it.skipIf(!built)(
    `has a sample that runs${built ? "" : " (skipped: nothing is built)"}`,
    { timeout: 180_000 },
    () => {
      // Inside of the package, where its name is known.
      const cwd = mkdtempSync(join(packageOf("regimen"), ".front-page-"));
      try {
        photos(join(cwd, "photos"));
        const page = readFileSync(new URL("../README.md", import.meta.url), "utf8");
        const sample = /```js\n(.*?)```/s
          .exec(page)![1]!
          .replaceAll('{ architecture: "resnet20" }', '{ architecture: "small-cnn" }, training: { epochs: 1 }')
          .replace("createRegimen()", 'createRegimen({ backend: "wasm" })');
        writeFileSync(join(cwd, "sample.mjs"), sample);
        const { status, stdout, stderr } = spawnSync(process.execPath, ["sample.mjs"], { cwd, encoding: "utf8" });
        expect(stderr).not.toMatch(/Error/);
        expect(status).toBe(0);
        expect(stdout).toMatch(/^error [\d.]+ → [\d.]+\n[\d.]+\n$/);
        expect(existsSync(join(cwd, "model/model.json"))).toBe(true);
        expect(existsSync(join(cwd, "runs/first/report.json"))).toBe(true);
        expect(JSON.parse(readFileSync(join(cwd, "policy.json"), "utf8"))).toHaveProperty("steps");
      } finally {
        rmSync(cwd, { recursive: true, force: true });
      }
    },
  );
});
