// Every example runs, on what the build made, in seconds.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = existsSync(join(root, "packages/core/dist/index.js"));
const run = (file: string, ...args: string[]): string =>
  execFileSync(process.execPath, [join(root, file), ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

describe.skipIf(!built)(`examples${built ? "" : " (skipped: run npm run setup first)"}`, () => {
  it.each([
    ["one-technique", /plain +test error [\d.]+ %\nmixup +test error [\d.]+ %/],
    ["own-model", /epoch 3\/3[^]*layers InputLayer → Rescaling → Conv2D → Flatten → Dropout → Dense/],
    [
      "policy-by-hand",
      /REG_PLUGIN_MISSING: policy step 1 uses "@regimen\/technique-cutmix".*npm i @regimen\/technique-cutmix/,
    ],
    ["third-party-technique", /test error [\d.]+ %/],
    ["own-metalearner", /test error [\d.]+ % → [\d.]+ %/],
    ["segmentation", /cloth +IoU [\d.]+ % Dice [\d.]+ %\ntest error [\d.]+ %[^]*# found/],
    [
      "several-labels",
      /mean average precision\)\n((top|trousers|shoe|bag) +AP [\d.]+ % F1 [\d.]+ % from [\d.]+\n){4}yes or no: test error [\d.]+ %\ncoat +ROC AUC/,
    ],
    [
      "detection",
      /mAP@0.5 [\d.]+ %\n((sandal|bag) +AP [\d.]+ % answered from a score of [\d.]+\n){2}(sandal|bag) [\d.]+ %( \d+){4}/,
    ],
  ])("%s", (name, expected) => {
    expect(run(`examples/${name}.js`)).toMatch(expected);
  });

  it("saved-model: what a run saved answers with nothing but tfjs, as predictions.csv says", () => {
    const folder = mkdtempSync(join(tmpdir(), "regimen-example-"));
    const out = join(folder, "run");
    run(
      "packages/regimen/dist/bin.js",
      "fit",
      "--config",
      "examples/demo/regimen.yaml",
      "--policy",
      "none",
      "--set",
      "training.epochs=1",
      "--out",
      out,
      "--quiet",
    );
    const lines = run("examples/saved-model.js", join(out, "model")).trim().split("\n");
    const told = readFileSync(join(out, "predictions.csv"), "utf8").split("\n").slice(1, 6);
    rmSync(folder, { recursive: true });
    expect(lines).toHaveLength(5);
    for (const [at, line] of lines.entries()) {
      const [, name, probability] = /^(.*\S) +([\d.]+)$/.exec(line)!;
      const [, , predicted, ...probabilities] = told[at]!.split(",");
      expect(name).toBe(predicted);
      expect(Math.abs(Number(probability) - Math.max(...probabilities.map(Number)))).toBeLessThan(1e-5);
    }
  });
});
