import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runIn } from "./bundle.ts";
import { manifestOf, pathOf, readmeLaw, type Manifest } from "./readme.ts";
import { declare, type Law, type Runner } from "./runner.ts";

const KINDS = ["technique", "metalearner", "scaffold", "reader", "model", "backend"];
const API = 1;

/** The anatomy that every plug-in package has, each part a test of its own. `folder` holds its package.json. */
export function packageLaws(folder: string | URL, runner: Runner): void {
  const path = pathOf(folder);
  declare(`package ${manifestOf(path).name}`, packageLawsOf(path), runner);
}

function packageLawsOf(path: string): readonly Law[] {
  return [
    {
      name: "its package.json says what it is, and asks for nothing twice",
      check: () => assertManifest(manifestOf(path)),
    },
    { name: "its files are where everybody looks for them", check: () => assertFiles(path, manifestOf(path)) },
    {
      name: "its default export is the plug-in, which registers what the package is for",
      check: () => assertPlugin(path),
    },
    readmeLaw(path),
  ];
}

function assertManifest(manifest: Manifest): void {
  const { name = "", version = "", regimen, peerDependencies = {}, dependencies = {} } = manifest;
  assert.ok(
    KINDS.includes(regimen?.kind ?? ""),
    `regimen.kind is ${regimen?.kind}; expected one of ${KINDS.join(", ")}`,
  );
  assert.equal(regimen?.api, API, `regimen.api is ${regimen?.api}; expected ${API}`);
  const fits = new RegExp(`^(@regimen/${regimen!.kind}-|(@[^/]+/)?regimen-${regimen!.kind}-).`).test(name);
  assert.ok(fits, `its name is "${name}"; expected @regimen/${regimen!.kind}-… or regimen-${regimen!.kind}-…`);
  assert.match(version, /^\d+\.\d+\.\d+/, `its version is "${version}"`);
  assert.equal(manifest.type, "module", "its type is not module");
  assert.equal(manifest.sideEffects, false, "sideEffects is not false: importing it must do nothing");
  assert.ok(manifest.license, "it has no license");
  assert.ok(manifest.keywords?.includes("regimen-plugin"), 'the keyword "regimen-plugin" is missing');
  assert.ok(manifest.files?.includes("dist"), "files does not name dist");
  assert.ok(manifest.exports?.["."], 'exports["."] is missing');
  assert.ok(
    manifest.exports?.["./package.json"],
    'exports["./package.json"] is missing: plug-ins are found by reading it',
  );
  assert.ok(peerDependencies["@regimen/core"], "@regimen/core is no peer dependency");
  // Two copies of these in one process do not see each other's tensors and registrations.
  const copies = Object.keys(dependencies).filter(
    (other) => other === "@regimen/core" || other.startsWith("@tensorflow/tfjs"),
  );
  assert.deepEqual(copies, [], `${copies.join(", ")} must be a peer dependency, not a dependency`);
}

/** `@regimen/technique-weight-decay` → `weight-decay`. */
const shortOf = ({ name = "", regimen }: Manifest): string =>
  name.slice(name.indexOf(`${regimen?.kind}-`) + `${regimen?.kind}-`.length);

function assertFiles(path: string, manifest: Manifest): void {
  const named = ["technique", "metalearner"].includes(manifest.regimen?.kind ?? "")
    ? [`src/${shortOf(manifest)}.ts`]
    : [];
  for (const file of ["README.md", "src/index.ts", ...named])
    assert.ok(existsSync(join(path, file)), `${file} is missing`);
  const tests = existsSync(join(path, "test")) ? readdirSync(join(path, "test")) : [];
  assert.ok(
    tests.some((file) => /\.test\.[cm]?[jt]s$/.test(file)),
    "there is no test in test/",
  );
}

/** What the package's own process tells of its plug-in. */
type Told = {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  /** What it registers, by kind. */ readonly registered: Readonly<
    Record<string, readonly { readonly name: string; readonly exported: boolean }[]>
  >;
};
const PROBE = `
  import * as all from "./src/index.ts";
  const plugin = all.default;
  const registered = {};
  const exported = new Set(Object.values(all).flatMap((value) => (value && typeof value === "object" ? [value, ...Object.values(value)] : [value])));
  const into = new Proxy({}, {
    get: (_, kind) => (what) => (registered[kind] ??= []).push({ name: what?.name, exported: exported.has(what) }),
  });
  plugin?.register?.(into);
  console.log("\\n" + JSON.stringify({ type: typeof plugin?.register, name: plugin?.name, version: plugin?.version, registered }));
`;

async function assertPlugin(path: string): Promise<void> {
  const manifest = manifestOf(path);
  const kind = manifest.regimen?.kind ?? "";
  const printed = await runIn(path, PROBE);
  const plugin = JSON.parse(printed.trim().split("\n").at(-1)!) as Told;
  assert.equal(plugin.type, "function", "the default export of src/index.ts has no register function");
  assert.equal(plugin.name, manifest.name, "the plug-in's name is not the package's");
  assert.equal(plugin.version, manifest.version, "the plug-in's version is not the package's");
  const found = plugin.registered[kind === "model" ? "architecture" : kind] ?? [];
  assert.ok(found.length > 0, `it registers no ${kind}`);
  if (kind !== "technique") return;
  for (const technique of found) {
    const own = technique.name === manifest.name || technique.name.startsWith(`${manifest.name}/`);
    assert.ok(own, `it registers "${technique.name}"; expected ${manifest.name}, or ${manifest.name}/part`);
    assert.ok(technique.exported, `"${technique.name}" is registered, but not exported by name`);
  }
}
