import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";

export const KINDS = ["technique", "metalearner", "scaffold", "reader", "model", "backend"] as const;
export type Kind = (typeof KINDS)[number];

/** A package that says of itself, in its `package.json`, that it is a plug-in. */
export type Candidate = { readonly name: string; readonly version: string; readonly kind: Kind };
type Manifest = { readonly [key: string]: unknown };

/** The only plug-in interface there is so far. */
const API = 1;

/**
 * The plug-ins among the direct dependencies of the nearest `package.json`, from `cwd` upward. Manifests are read, nothing
 * is imported; what is not installed is passed over.
 */
export function findPlugins(cwd: string): Candidate[] {
  const manifest = nearestManifest(cwd);
  if (manifest === undefined) return [];
  const names = ["dependencies", "devDependencies", "optionalDependencies"].flatMap((group) => {
    const listed = manifest[group];
    return typeof listed === "object" && listed !== null ? Object.keys(listed) : [];
  });
  return candidates(names, join(cwd, "/"));
}

/** Those of `names`, as installed for `from` (a file address or path), that are plug-ins. Errors: REG_PLUGIN_API, REG_PLUGIN_INVALID. */
export function candidates(names: readonly string[], from: string): Candidate[] {
  return [...new Set(names)].sort().flatMap((name) => {
    const manifest = installed(name, from);
    const kind = manifest === undefined ? undefined : declared(name, manifest);
    return kind === undefined ? [] : [{ name, version: String(manifest!.version ?? ""), kind }];
  });
}

/** The kind that a manifest declares; undefined where it is no plug-in's. */
export function declared(name: string, manifest: Manifest): Kind | undefined {
  const field = manifest.regimen as { kind?: unknown; api?: unknown } | undefined;
  if (field === undefined) return undefined;
  if (field?.api !== API) {
    throw new RegimenError(
      "REG_PLUGIN_API",
      `"${name}" says "regimen": { "api": ${JSON.stringify(field?.api)} } in its package.json; this Regimen speaks api ${API}: install a version of ${name} made for it`,
    );
  }
  if (!KINDS.includes(field.kind as Kind)) {
    throw new RegimenError(
      "REG_PLUGIN_INVALID",
      `"${name}" says "regimen": { "kind": ${JSON.stringify(field.kind)} } in its package.json; expected one of ${KINDS.join(", ")}`,
    );
  }
  return field.kind as Kind;
}

/** The manifest of a package as `from` would get it. Not through `require`: a package need not export its package.json. */
export function installed(name: string, from: string): Manifest | undefined {
  const folders = createRequire(from).resolve.paths(name) ?? [];
  return folders
    .map((folder) => readManifest(join(folder, name, "package.json")))
    .find((manifest) => manifest !== undefined);
}

function nearestManifest(cwd: string): Manifest | undefined {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const manifest = readManifest(join(folder, "package.json"));
    if (manifest !== undefined || dirname(folder) === folder) return manifest;
  }
}

/** Errors: REG_CONFIG_UNREADABLE. */
export function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, "")) as Manifest;
  } catch (cause) {
    throw new RegimenError("REG_CONFIG_UNREADABLE", `${path} is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}
