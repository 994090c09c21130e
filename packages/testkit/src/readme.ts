import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runIn } from "./bundle.ts";
import { declare, type Law, type Runner } from "./runner.ts";

const HEADINGS: Readonly<Record<string, readonly string[]>> = {
  technique: [
    "What it does",
    "Paper",
    "When to use, when not to",
    "Hyperparameters",
    "Cost",
    "Works with / conflicts",
    "How faithful",
    "Measured",
  ],
  metalearner: ["What it does", "Paper", "When to use, when not to", "Options", "Cost", "How faithful", "Measured"],
};

export const pathOf = (folder: string | URL): string =>
  folder instanceof URL || folder.startsWith("file:") ? fileURLToPath(folder) : folder;
export const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
export type Manifest = {
  readonly name?: string;
  readonly version?: string;
  readonly type?: string;
  readonly license?: string;
  readonly sideEffects?: boolean;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly regimen?: { readonly kind?: string; readonly api?: number };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

type Sample = { readonly line: number; readonly code: string };

/** Second-level headings, and code samples in TypeScript or JavaScript; what stands in a fence is no heading. */
export function parseReadme(text: string): {
  readonly headings: readonly string[];
  readonly samples: readonly Sample[];
} {
  const [headings, samples]: [string[], Sample[]] = [[], []];
  let fence: { language: string; line: number; lines: string[] } | undefined;
  text.split(/\r?\n/).forEach((line, at) => {
    const mark = /^```\s*(\S*)/.exec(line);
    if (!mark && !fence && line.startsWith("## ")) headings.push(line.slice("## ".length).trim());
    else if (!mark) fence?.lines.push(line);
    else if (!fence) fence = { language: mark[1]!, line: at + 1, lines: [] };
    else {
      if (/^(ts|js|mjs|typescript|javascript)$/.test(fence.language))
        samples.push({ line: fence.line, code: fence.lines.join("\n") });
      fence = undefined;
    }
  });
  return { headings, samples };
}

/** The README has its headings, in order, and at least one code sample, each of which runs. */
export function readmeLaw(folder: string | URL, number = ""): Law {
  return {
    name: `${number}its README has the headings, and its code samples run`,
    check: async () => {
      const path = pathOf(folder);
      const { headings, samples } = parseReadme(readFileSync(join(path, "README.md"), "utf8"));
      const expected = HEADINGS[manifestOf(path).regimen?.kind ?? ""];
      if (expected)
        assert.deepEqual(headings, expected, "the README's headings are not those of its kind, in their order");
      assert.ok(samples.length > 0, "the README has no code sample in TypeScript or JavaScript");
      for (const { line, code } of samples)
        await runIn(path, code).catch((error: unknown) =>
          assert.fail(`the sample at line ${line} of the README does not run: ${told(error)}`),
        );
    },
  };
}
/** A page of documentation is one program: its TypeScript and JavaScript samples, in order, as if they stood in `folder`. */
export function pageLaws(page: string | URL, folder: string | URL, runner: Runner): void {
  const path = pathOf(page);
  const check = async (): Promise<void> => {
    const { samples } = parseReadme(readFileSync(path, "utf8"));
    assert.ok(samples.length > 0, "the page has no code sample in TypeScript or JavaScript");
    await runIn(pathOf(folder), samples.map(({ code }) => code).join("\n"));
  };
  declare(basename(path), [{ name: "its code samples run, as one program", check }], runner);
}
const told = (error: unknown): string => (error instanceof Error ? error.message : String(error));
