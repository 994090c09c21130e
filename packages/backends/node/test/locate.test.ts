// Folders that look like tfjs-node's, wherever it is looked for.
import { createRequire } from "node:module";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { requireThatFinds } from "../src/locate.ts";

const NAME = "@tensorflow/tfjs-node";
const core = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json"));
let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "regimen-locate-")));
  mkdirSync(at("project"));
  vi.spyOn(process, "cwd").mockReturnValue(at("project"));
  vi.stubEnv("REGIMEN_TFJS_NODE", undefined);
  vi.stubEnv("REGIMEN_CACHE", at("cache"));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const at = (...parts: string[]): string => join(root, ...parts);
function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

type State = { readonly binding?: boolean; readonly core?: "ours" | "its own" };
/** tfjs-node, and tfjs beside it, in a folder's node_modules. */
function install(folder: string, { binding = true, core: copy = "ours" }: State = {}): string {
  const modules = join(folder, "node_modules");
  for (const name of [NAME, "@tensorflow/tfjs"]) {
    write(join(modules, name, "package.json"), JSON.stringify({ name, main: "index.js" }));
    write(join(modules, name, "index.js"), "");
  }
  if (binding) write(join(modules, NAME, "lib", "napi-v8", "tfjs_binding.node"), "");
  const beside = join(modules, "@tensorflow", "tfjs-core");
  if (copy === "ours") symlinkSync(core, beside, "junction");
  else write(join(beside, "index.js"), "");
  return join(modules, NAME, "index.js");
}

/** As `regimen native` leaves it. */
function cache(): string {
  const folder = at("cache", `tfjs-node-4.22.0-tf2.21.0-cpu-${process.platform}-${process.arch}`);
  write(join(folder, "native.json"), JSON.stringify({ format: 1, package: NAME, tensorflow: "2.21.0" }));
  write(join(folder, "node_modules", NAME, "deps", "lib", "a.so"), "");
  return install(folder);
}

const found = (): string | undefined => requireThatFinds(NAME)?.resolve(NAME);

test("the folder that is named comes first, whatever its state", () => {
  install(at("project"));
  cache();
  const named = install(at("named"), { binding: false });
  vi.stubEnv("REGIMEN_TFJS_NODE", at("named"));
  expect(found()).toBe(named);
});

test("a complete one of the user's comes before the cache", () => {
  const cached = cache();
  expect(found()).toBe(cached);
  const users = install(at("project"));
  expect(found()).toBe(users);
});

test.each<State>([{ binding: false }, { core: "its own" }])("an incomplete one comes after the cache: %o", (state) => {
  const incomplete = install(at("project"), state);
  expect(found()).toBe(incomplete);
  const cached = cache();
  expect(found()).toBe(cached);
});

test("nothing anywhere is undefined", () => {
  expect(requireThatFinds("@tensorflow/tfjs-nowhere")).toBeUndefined();
});

test("our tfjs-core is lent to what is in the cache", () => {
  cache();
  found();
  const lent = (globalThis as { [key: symbol]: unknown })[Symbol.for("@regimen/native: tfjs-core")];
  expect(lent).toBe(createRequire(import.meta.url)("@tensorflow/tfjs-core"));
});
