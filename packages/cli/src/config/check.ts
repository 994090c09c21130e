import { RegimenError, nearest } from "@regimen/contracts";
import { Ajv, type ValidateFunction } from "ajv";
import schema from "../../assets/regimen.schema.json" with { type: "json" };
import { expected, follow, type Schema } from "./expected.ts";
import type { Config } from "./types.ts";

export type Path = readonly (string | number)[];
/** Where a path of the configuration was said: `regimen.yaml:7` or `--set training.epochs`. */
export type Locate = (path: Path) => string;

const ajv = new Ajv({ strictTypes: false });
const valid = ajv.compile<Config>(schema);

/** Checks against the published schema. Errors: REG_CONFIG_INVALID, with place, what was expected and the nearest known key. */
export function checkConfig(value: unknown, locate: Locate): Config {
  if (valid(value)) return value;
  throw new RegimenError("REG_CONFIG_INVALID", explain(value, schema as unknown as Schema, [], locate));
}

/** Ajv says whether a part fits; which part to speak of, and in which words, is decided here. */
function explain(value: unknown, part: Schema, path: Path, locate: Locate): string {
  const at = follow(part);
  const form = at.anyOf ? meant(value, at.anyOf) : at;
  if (form?.type === "object" && isObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const known = form.properties?.[key] ?? form.additionalProperties;
      if (known === false) return unknownKey(key, form, path, locate);
      if (typeof known === "object" && !fits(inner, known)) return explain(inner, known, [...path, key], locate);
    }
    const missing = form.required?.find((key) => !(key in value));
    const slip =
      missing === undefined
        ? undefined
        : nearest(
            missing,
            Object.keys(value).filter((key) => !form.properties?.[key]),
          );
    if (slip !== undefined) return unknownKey(slip, form, path, locate);
    if (missing !== undefined) return `${named(path)} (${locate(path)}) lacks "${missing}"; add it`;
  }
  if (form?.type === "array" && form.items && Array.isArray(value)) {
    const index = value.findIndex((item) => !fits(item, form.items!));
    if (index >= 0) return explain(value[index], form.items, [...path, index], locate);
  }
  return `${named(path)} is ${shown(value)} (${locate(path)}); expected ${expected(at)}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Compiled once: a list may have thousands of entries to look through. */
const compiled = new WeakMap<Schema, ValidateFunction>();
function fits(value: unknown, part: Schema): boolean {
  const known = compiled.get(part) ?? ajv.compile({ ...part, definitions: schema.definitions });
  compiled.set(part, known);
  return known(value) as boolean;
}

/** The form that a value which fits none was meant to have: that of its type and, among objects, the one it shares a key with. */
function meant(value: unknown, forms: readonly Schema[]): Schema | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const type = Array.isArray(value) ? "array" : "object";
  const shared = (form: Schema) => Object.keys(value).filter((key) => form.properties && key in form.properties).length;
  const flat = forms.flatMap((form) => follow(form).anyOf ?? [form]).map(follow);
  return flat.filter((form) => form.type === type).sort((a, b) => shared(b) - shared(a))[0];
}

const named = (path: Path): string => (path.length > 0 ? path.join(".") : "the configuration");

function unknownKey(key: string, form: Schema, path: Path, locate: Locate): string {
  const known = Object.keys(form.properties ?? {}).filter((name) => name !== "$schema");
  const near = nearest(key, known);
  const advice = near ? `the nearest known key is "${near}"` : `known keys are ${known.join(", ")}`;
  return `unknown key "${key}" in ${named(path)} (${locate([...path, key])}); ${advice}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
