import { expect, test } from "vitest";
import { needed } from "../src/record/needed.ts";
import type { Command } from "../src/record/trace.ts";

// Buffers by name; a command is written as "what it writes < what it reads", with + where it adds to it.
const buffers = new Map<string, GPUBuffer>();
const buffer = (name: string): GPUBuffer => {
  if (!buffers.has(name)) buffers.set(name, { label: name } as GPUBuffer);
  return buffers.get(name)!;
};
function kept(commands: string[], outputs: string[], assigned: string[] = []): string[] {
  const written = new Map<Command, string>();
  for (const text of commands) {
    const [to, from = ""] = text.split("<").map((part) => part.trim());
    const reads = from.split(" ").filter(Boolean).map(buffer);
    const command = { writes: buffer(to!.replace("+", "")), reads, adds: to!.includes("+") } as unknown as Command;
    written.set(command, text);
  }
  const found = needed({
    commands: [...written.keys()],
    outputs: outputs.map((name) => ({ name, buffer: buffer(name), shape: [], dtype: "float32" as const })),
    cells: assigned.map((name) => ({ variable: undefined!, home: buffer(`home ${name}`), next: buffer(name) })),
  });
  return found.map((command) => written.get(command)!);
}

test("what nobody reads is left out, and what only that needs", () => {
  expect(kept(["a < x", "b < a", "c < x", "d < c"], ["d"])).toEqual(["c < x", "d < c"]);
});

test("a buffer that is written again is needed by its latest value alone", () => {
  expect(kept(["a < x", "b < a", "a < y", "c < a"], ["c"])).toEqual(["a < y", "c < a"]);
  expect(kept(["a < x", "b < a", "a < y", "c < a b"], ["c"])).toEqual(["a < x", "b < a", "a < y", "c < a b"]);
});

test("what is added to needs what was there", () => {
  expect(kept(["a < x", "a+ < y", "b < z"], ["a"])).toEqual(["a < x", "a+ < y"]);
});

test("assigned variables are needed", () => {
  expect(kept(["a < x", "b < y"], [], ["b"])).toEqual(["b < y"]);
});
