import type { Axis, Json, Technique } from "@regimen/core";
import type { Console } from "../display/console.ts";
import { WIDTH, wrap } from "../display/style.ts";
import { absoluteIfPath } from "../config/place.ts";
import type { Io } from "../io.ts";
import { loadPlugins, type Loaded } from "../plugins/load.ts";
import { inventory } from "../plugins/inventory.ts";

/** One registered technique, or one plug-in of another kind. A field that does not apply is null. */
type Entry = {
  readonly name: string;
  readonly version: string;
  readonly kind: string;
  readonly group: string | null;
  readonly axes: readonly { readonly [key: string]: Json }[] | null;
  readonly conflicts: readonly string[] | null;
  /** The package it comes from. */ readonly plugin: string;
  /** Names that a configuration can use. */ readonly provides: readonly string[];
};

export async function pluginsCommand(io: Io, console: Console, named: readonly string[]): Promise<void> {
  const loaded = await loadPlugins(
    io,
    named.map((name) => absoluteIfPath(name, io.cwd)),
  );
  const entries = loaded.flatMap(listed).sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
  console.json(entries);
  const { ink } = console;
  for (const kind of new Set(entries.map((entry) => entry.kind))) {
    console.say(`${ink("bold", kind)}`);
    for (const entry of entries.filter((one) => one.kind === kind)) {
      const group = entry.group === null ? "" : `  ${entry.group}`;
      console.say(`  ${entry.name} ${ink("dim", `${entry.version}${group}`)}`);
      for (const detail of details(entry)) {
        console.say(
          wrap(`      ${detail}`, WIDTH, 8)
            .map((line) => ink("dim", line))
            .join("\n"),
        );
      }
    }
  }
}

function listed({ plugin, kind }: Loaded): Entry[] {
  const found = inventory([plugin]);
  const techniques = found.techniques.map((technique) => techniqueEntry(technique, plugin.name));
  const others = [
    ...found.metalearners,
    ...found.scaffolds,
    ...found.readers,
    ...found.architectures,
    ...found.backends,
    ...found.optimizers,
    ...found.schedules,
  ].map(({ name }) => name);
  if (techniques.length > 0 && others.length === 0) return techniques;
  const rest = {
    name: plugin.name,
    version: plugin.version,
    kind,
    group: null,
    axes: null,
    conflicts: null,
    plugin: plugin.name,
    provides: others,
  };
  return [...techniques, rest];
}

function techniqueEntry(technique: Technique, plugin: string): Entry {
  return {
    name: technique.name,
    version: technique.version,
    kind: "technique",
    group: technique.group,
    axes: Object.entries(technique.space).map(([name, axis]) => axisEntry(name, axis)),
    conflicts: technique.order.conflicts ?? [],
    plugin,
    provides: [technique.name],
  };
}

const axisEntry = (name: string, axis: Axis): { readonly [key: string]: Json } => ({
  name,
  kind: axis.kind,
  range: axis.kind === "choice" ? axis.of : axis.kind === "text" ? null : axis.range,
  scale: axis.kind === "choice" || axis.kind === "text" ? null : (axis.scale ?? "linear"),
  default: axis.default,
  off: axis.off ?? null,
});

function details({ axes, conflicts, kind, provides }: Entry): string[] {
  const space = (axes ?? []).map(({ name, kind: of, range, default: preset }) => {
    if (of === "text") return `${String(name)} (text), default "${String(preset)}"`;
    const bounds = (range as Json[]).join(of === "choice" ? " | " : "–");
    return `${String(name)} (${String(of)}) ${bounds}, default ${String(preset)}`;
  });
  const against = conflicts && conflicts.length > 0 ? [`conflicts with ${conflicts.join(", ")}`] : [];
  return kind === "technique" ? [...space, ...against] : [provides.join(", ")];
}
