// What `regimen new` makes, outside the workspace: it builds, its types hold, and it passes its own tests, which are the kit.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cli, temp } from "./fake.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const away = temp();
const KINDS = ["technique", "metalearner", "scaffold", "reader"];
const execute = promisify(execFile);

/** One of this repository's tools, run elsewhere; what it printed, also where it fails. */
async function run(cwd: string, tool: string, ...args: string[]): Promise<string> {
  const bin = join(root, "node_modules", ".bin", tool);
  const { stdout } = await execute(bin, args, { cwd, env: { ...process.env, NO_COLOR: "1" } }).catch(
    (error: { stdout: string; stderr: string }) => expect.fail(`${tool} failed:\n${error.stdout}${error.stderr}`),
  );
  return stdout;
}

/** Every package of the repository. */
const workspace = (): { name: string; folder: string }[] =>
  ["", "backends", "scaffolds", "techniques", "metalearners"].flatMap((group) => {
    const folders = readdirSync(join(root, "packages", group)).map((name) => join(root, "packages", group, name));
    const here = folders.filter((folder) => existsSync(join(folder, "package.json")));
    return here.map((folder) => ({ ...JSON.parse(readFileSync(join(folder, "package.json"), "utf8")), folder }));
  });

beforeAll(async () => {
  for (const scope of ["@regimen", "@tensorflow", "@types"])
    mkdirSync(join(away, "node_modules", scope), { recursive: true });
  const link = (name: string, to: string) => symlinkSync(to, join(away, "node_modules", name));
  for (const { name, folder } of workspace()) link(name, folder);
  for (const name of ["core", "layers", "backend-cpu"])
    link(`@tensorflow/tfjs-${name}`, join(root, "packages/testkit/node_modules/@tensorflow", `tfjs-${name}`));
  link("vitest", join(root, "node_modules/vitest"));
  link("@types/node", join(root, "node_modules/@types/node"));
  const { version } = JSON.parse(readFileSync(join(root, "packages/core/package.json"), "utf8"));
  const host = { url: import.meta.url, manifest: { name: "test", version }, import: () => Promise.reject() };
  for (const kind of KINDS) expect((await cli(["new", kind, "light-fog"], { cwd: away, host })).code).toBe(0);
  // As published packages are found, but from sources, so that this test needs no build.
  const conditions = ["@regimen/source", "module", "node", "development|production"];
  const config = { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { testTimeout: 60_000 } };
  writeFileSync(join(away, "vitest.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  for (const kind of KINDS)
    await run(join(away, `regimen-${kind}-light-fog`), "tsup", "src/index.ts", "--format", "esm");
}, 120_000);
afterAll(() => rmSync(away, { recursive: true }));

describe("regimen new", () => {
  it("leaves no blank unfilled", () => {
    for (const kind of KINDS) {
      const home = join(away, `regimen-${kind}-light-fog`);
      expect(readFileSync(join(home, "README.md"), "utf8").split("\n")[0]).toBe(`# regimen-${kind}-light-fog`);
      for (const file of readdirSync(home, { recursive: true, encoding: "utf8" }).filter((name) =>
        /\.(ts|md|json)$/.test(name),
      ))
        expect(readFileSync(join(home, file), "utf8"), file).not.toMatch(/PACKAGE|__[A-Z]/);
    }
  });

  it("its types hold", async () => {
    const [first] = KINDS.map((kind) => join(away, `regimen-${kind}-light-fog`));
    const include = KINDS.flatMap((kind) => ["src", "test"].map((part) => `regimen-${kind}-light-fog/${part}`));
    // Regimen's own sources are compiled along, which want more than a new package asks for.
    const compilerOptions = {
      customConditions: ["@regimen/source"],
      allowImportingTsExtensions: true,
      exactOptionalPropertyTypes: true,
    };
    const config = { extends: join(first!, "tsconfig.json"), compilerOptions, include };
    writeFileSync(join(away, "tsconfig.json"), JSON.stringify(config));
    await run(away, "tsc", "-p", "tsconfig.json");
  }, 120_000);

  it("passes the kit and its own tests", async () => {
    const told = JSON.parse(await run(away, "vitest", "run", "--reporter=json"));
    expect(told.numFailedTests).toBe(0);
    expect(told.numTotalTestSuites).toBeGreaterThan(KINDS.length);
    const names = told.testResults.flatMap((file: { assertionResults: { fullName: string }[] }) =>
      file.assertionResults.map(({ fullName }) => fullName),
    );
    for (const kind of KINDS)
      expect(names).toContain(
        `package regimen-${kind}-light-fog its README has the headings, and its code samples run`,
      );
    expect(names.filter((name: string) => /^regimen-technique-light-fog \d/.test(name)).length).toBeGreaterThan(8);
    expect(names.filter((name: string) => name.startsWith("light-fog ")).length).toBeGreaterThan(8);
  }, 180_000);
});
