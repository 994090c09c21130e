import { nearest, RegimenError, type DataSpec, type Json } from "@regimen/core";
import { listed } from "./labels.ts";

const wrong = (spec: DataSpec, key: string, expected: string) =>
  new RegimenError(
    "REG_CONFIG_INVALID",
    `data of format ${spec.format} got ${key}: ${JSON.stringify(spec[key])}; expected ${expected}`,
  );

/** Refuses options that the reader does not know, and a path that is none. */
export function checkOptions(spec: DataSpec, known: readonly string[]): void {
  const keys = ["format", "path", "limit", "labels", ...known];
  for (const key of Object.keys(spec)) {
    if (keys.includes(key) || spec[key] === undefined) continue;
    const near = nearest(key, keys);
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `data of format ${spec.format} got the option "${key}"; it knows ${listed(keys)}${near === undefined ? ": remove it" : `: did you mean "${near}"?`}`,
    );
  }
  if (pathsOf(spec).length === 0 || pathsOf(spec).some((path) => typeof path !== "string" || path === "")) {
    throw wrong(spec, "path", "a path, or a list of paths");
  }
  const { limit } = spec;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    throw wrong(spec, "limit", "a whole number above 0");
}

export const pathsOf = ({ path = [] }: DataSpec): readonly string[] => [path].flat();

/** `labels: false`: every image counts as unlabelled. */
export function ignoresLabels(spec: DataSpec): boolean {
  if (spec["labels"] === undefined || spec["labels"] === true) return false;
  if (spec["labels"] === false) return true;
  throw wrong(spec, "labels", "false (no labels), or nothing");
}

export function optionalText(spec: DataSpec, key: string): string | undefined {
  const value: Json | undefined = spec[key];
  if (value === undefined || typeof value === "string") return value;
  throw wrong(spec, key, "text");
}

/** `only`: rows with a label, or rows without; absent: both. */
export function onlyOf(spec: DataSpec): "labelled" | "unlabelled" | undefined {
  const { only } = spec;
  if (only === undefined || only === "labelled" || only === "unlabelled") return only;
  throw wrong(spec, "only", '"labelled" or "unlabelled"');
}
