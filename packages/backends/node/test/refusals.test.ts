import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, expect, test } from "vitest";
import plugin, { node, nodeGpu } from "../src/index.ts";
import { requireThatFinds } from "../src/locate.ts";

// Packages that look like tfjs-node's, in a folder of their own: what it says when it does not work.
let folder: string;
const before = process.env["REGIMEN_TFJS_NODE"];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "regimen-node-"));
  process.env["REGIMEN_TFJS_NODE"] = folder;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  if (before === undefined) delete process.env["REGIMEN_TFJS_NODE"];
  else process.env["REGIMEN_TFJS_NODE"] = before;
});

function install(name: string, source: string): void {
  const at = join(folder, "node_modules", name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "package.json"), JSON.stringify({ name, version: "4.22.0", main: "index.js" }));
  writeFileSync(join(at, "index.js"), source);
}

test("registers both, and loads neither by itself", () => {
  const seen: string[] = [];
  const registry = { backend: ({ name, rank }: { name: string; rank: number }) => seen.push(`${name} ${rank}`) };
  plugin.register(registry as unknown as Parameters<typeof plugin.register>[0]);
  expect(seen).toEqual(["node-gpu 10", "node 20"]);
  expect(tf.findBackend("tensorflow") ?? null).toBeNull();
});

test("what is nowhere is not found", () => {
  expect(requireThatFinds("@tensorflow/tfjs-nowhere")).toBeUndefined();
  install("@tensorflow/tfjs-nowhere", "");
  expect(requireThatFinds("@tensorflow/tfjs-nowhere")).toBeDefined();
});

test("no native binding", async () => {
  install(
    "@tensorflow/tfjs-node",
    `throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: x");`,
  );
  await expect(node.load()).rejects.toThrow(/^@tensorflow\/tfjs-node is installed but has no native binding/);
});

test("a library that does not load", async () => {
  install("@tensorflow/tfjs-node-gpu", `throw new Error("libcudart.so.11.0: cannot open shared object file\\nmore");`);
  await expect(nodeGpu.load()).rejects.toThrow(/does not load \(libcudart.so.11.0: cannot open shared object file\)/);
});

test("a tfjs-core of its own", async () => {
  install("@tensorflow/tfjs-node", "module.exports = {};");
  await expect(node.load()).rejects.toThrow(/brought a copy of @tensorflow\/tfjs-core of its own/);
});
