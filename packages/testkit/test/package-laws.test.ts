import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { packageLaws, techniqueLaws } from "../src/index.ts";
import { parseReadme } from "../src/readme.ts";
import { collect, verdict } from "./collect.ts";

// Below the package's node_modules: what it installs is found from there.
const room = fileURLToPath(new URL("../node_modules/.regimen-testkit", import.meta.url));
mkdirSync(room, { recursive: true });
const fixtures = mkdtempSync(join(room, "fixtures-"));
afterAll(() => rmSync(fixtures, { recursive: true, force: true }));

const MANIFEST = {
  name: "regimen-technique-tint",
  version: "1.2.3",
  type: "module",
  license: "MIT",
  keywords: ["regimen-plugin"],
  sideEffects: false,
  files: ["dist"],
  regimen: { kind: "technique", api: 1 },
  exports: {
    ".": { "@regimen/source": "./src/index.ts", default: "./dist/index.js" },
    "./package.json": "./package.json",
  },
  peerDependencies: { "@regimen/core": ">=0.1.0 <1.0.0" },
};
const README = `# Tint
## What it does
\`\`\`ts
import { createRng, type Rng } from "@regimen/core";
import plugin from "regimen-technique-tint";
const rng: Rng = createRng(7);
if (plugin.name !== "regimen-technique-tint" || rng.uniform() >= 1) throw new Error("not the plug-in");
\`\`\`
## Paper
## When to use, when not to
## Hyperparameters
## Cost
## Works with / conflicts
## How faithful
## Measured
`;
const TINT = `
export const tint = {
  name: "regimen-technique-tint", version: "1.2.3", group: "augmentation", paper: "made up",
  space: { rate: { kind: "rr", range: [0, 1], default: 1, off: 0 } }, order: { slot: "texture" },
  create: () => ({ batch: (batch: unknown) => batch }),
};`;
const INDEX = `
import manifest from "../package.json" with { type: "json" };
import { tint } from "./tint.ts";
export { tint } from "./tint.ts";
const plugin = { name: manifest.name, version: manifest.version, register: (into) => into.technique(tint) };
export default plugin;`;
const SOUND: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify(MANIFEST),
  "README.md": README,
  "src/tint.ts": TINT,
  "src/index.ts": INDEX,
  "test/tint.test.ts": "",
};

let count = 0;
/** A package of its own; `undefined` takes a file away. */
function packageOf(change: Readonly<Record<string, string | undefined>> = {}): string {
  const folder = join(fixtures, `p${count++}`);
  for (const [file, text] of Object.entries({ ...SOUND, ...change })) {
    if (text === undefined) continue;
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}
const manifest = (change: object): Readonly<Record<string, string>> => ({
  "package.json": JSON.stringify({ ...MANIFEST, ...change }),
});

describe("a sound package", () => packageLaws(packageOf(), { describe, it }));

const BROKEN: readonly (readonly [
  law: string,
  what: string,
  change: Readonly<Record<string, string | undefined>>,
  says: RegExp,
])[] = [
  ["its package.json", "names no kind", manifest({ regimen: { api: 1 } }), /regimen\.kind is undefined/],
  ["its package.json", "is for another API", manifest({ regimen: { kind: "technique", api: 2 } }), /regimen\.api is 2/],
  ["its package.json", "has a name of its own fashion", manifest({ name: "tint" }), /its name is "tint"/],
  ["its package.json", "has side effects", manifest({ sideEffects: undefined }), /sideEffects is not false/],
  ["its package.json", "cannot be found", manifest({ keywords: [] }), /regimen-plugin/],
  ["its package.json", "publishes nothing", manifest({ files: ["src"] }), /files does not name dist/],
  ["its package.json", "hides its manifest", manifest({ exports: { ".": "./dist/index.js" } }), /package\.json/],
  ["its package.json", "forgets the core", manifest({ peerDependencies: {} }), /no peer dependency/],
  [
    "its package.json",
    "brings a tfjs of its own",
    manifest({ dependencies: { "@tensorflow/tfjs-core": "4" } }),
    /must be a peer dependency/,
  ],
  ["its files", "has no README", { "README.md": undefined }, /README\.md is missing/],
  [
    "its files",
    "names its file otherwise",
    { "src/tint.ts": undefined, "src/colour.ts": TINT },
    /src\/tint\.ts is missing/,
  ],
  ["its files", "has no test", { "test/tint.test.ts": undefined }, /no test/],
  ["its default export", "exports nothing", { "src/index.ts": "export {};" }, /no register function/],
  [
    "its default export",
    "says another version",
    { "src/index.ts": SOUND["src/index.ts"]!.replace("manifest.version", '"9.9.9"') },
    /version is not the package's/,
  ],
  [
    "its default export",
    "registers nothing",
    { "src/index.ts": SOUND["src/index.ts"]!.replace("into.technique(tint)", "undefined") },
    /registers no technique/,
  ],
  [
    "its default export",
    "registers what it does not export",
    { "src/index.ts": SOUND["src/index.ts"]!.replace("export { tint }", "export {}") },
    /not exported by name/,
  ],
  [
    "its default export",
    "registers under another's name",
    { "src/tint.ts": TINT.replace("regimen-technique-tint", "other") },
    /registers "other"/,
  ],
  ["its README", "lacks a heading", { "README.md": README.replace("## Cost\n", "") }, /headings/],
  [
    "its README",
    "has them in another order",
    { "README.md": README.replace("## Paper\n", "").concat("## Paper\n") },
    /headings/,
  ],
  [
    "its README",
    "has a sample that throws",
    { "README.md": README.replace("rng.uniform() >= 1", "true") },
    /line 3 .*not the plug-in/s,
  ],
  [
    "its README",
    "imports what is not there",
    { "README.md": README.replace("@regimen/core", "@regimen/nowhere") },
    /Could not resolve/,
  ],
  ["its README", "has no sample", { "README.md": README.replace(/```ts[^]*```\n/, "") }, /no code sample/],
];

describe("a broken package", () => {
  it.each(BROKEN)('fails the law "%s…" when it %s', async (law, _, change, says) => {
    const laws = collect((runner) => packageLaws(packageOf(change), runner));
    expect(await verdict(laws, law)).toMatch(says);
  });

  it("fails law 12 of its technique too", async () => {
    const technique = {
      name: "tint",
      version: "1.0.0",
      group: "",
      paper: "",
      space: {},
      order: { slot: "texture" },
      create: () => ({}),
    } as const;
    const law = (folder: string): Promise<string | undefined> =>
      verdict(
        collect((runner) => techniqueLaws(technique, runner, { folder })),
        "12.",
      );
    expect(await law(packageOf())).toBeUndefined();
    expect(await law(packageOf({ "README.md": README.replace("## Measured\n", "") }))).toMatch(/headings/);
  });
});

it("takes no heading and no sample from inside of another fence", () => {
  const { headings, samples } = parseReadme(
    "## A\n```sh\n## no heading\n```\n```js\nlet x = 1;\n## nor this\n```\n### C\n## B\n",
  );
  expect(headings).toEqual(["A", "B"]);
  expect(samples).toEqual([{ line: 5, code: "let x = 1;\n## nor this" }]);
});
