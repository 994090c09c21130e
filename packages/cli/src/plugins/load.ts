import { existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { RegimenError, type Plugin } from "@regimen/contracts";
import type { Host, Io } from "../io.ts";
import {
  KINDS,
  candidates,
  declared,
  findPlugins,
  installed,
  readManifest,
  type Candidate,
  type Kind,
} from "./find.ts";
import { inventory } from "./inventory.ts";
import { shareCopies } from "./share.ts";

/** `from`: what a person would type to name it: a package or a path. */
export type Loaded = { readonly plugin: Plugin; readonly kind: Kind; readonly from: string };

/**
 * What is installed (the host's own dependencies and the user's, of which the user's win) and what is named: packages or
 * absolute paths. Where techniques are named, other techniques are left out. `kinds`: of what is installed, only these.
 * Errors: REG_PLUGIN_MISSING, REG_PLUGIN_INVALID, REG_PLUGIN_API.
 */
export async function loadPlugins(
  io: Pick<Io, "cwd" | "host">,
  named: readonly string[],
  kinds: readonly Kind[] = KINDS,
): Promise<Loaded[]> {
  const asked = await Promise.all([...new Set(named)].map((name) => loadNamed(name, io)));
  const chosen = asked.some(({ plugin }) => inventory([plugin]).techniques.length > 0);
  const known = new Set(asked.flatMap(({ plugin, from }) => [plugin.name, from]));
  const wanted = ({ name, kind }: Candidate) =>
    kinds.includes(kind) && !known.has(name) && !(chosen && kind === "technique");
  const users = findPlugins(io.cwd).filter(wanted);
  const own = hostPlugins(io.host).filter((one) => wanted(one) && !users.some(({ name }) => name === one.name));
  return [
    ...(await Promise.all(own.map((one) => imported(one, () => io.host.import(one.name))))),
    ...(await Promise.all(users.map((one) => imported(one, () => importFrom(one.name, io.cwd))))),
    ...asked,
  ];
}

/** The plug-ins among the host's own dependencies. */
function hostPlugins(host: Host): Candidate[] {
  return candidates(Object.keys(host.manifest.dependencies ?? {}), host.url);
}

/** The host's own plug-ins, imported. */
export function loadHost(host: Host): Promise<Loaded[]> {
  return Promise.all(hostPlugins(host).map((one) => imported(one, () => host.import(one.name))));
}

async function loadNamed(name: string, io: Pick<Io, "cwd" | "host">): Promise<Loaded> {
  if (isAbsolute(name)) return loadPath(name);
  const manifest = installed(name, join(io.cwd, "/"));
  if (manifest !== undefined) {
    const kind = declared(name, manifest) ?? fail(name, 'lacks the "regimen" field in its package.json');
    return imported({ name, kind }, () => importFrom(name, io.cwd));
  }
  const own = hostPlugins(io.host).find((one) => one.name === name);
  if (own) return imported(own, () => io.host.import(name));
  throw new RegimenError("REG_PLUGIN_MISSING", `plug-in "${name}" is not installed; run: npm i ${name}`);
}

async function loadPath(file: string): Promise<Loaded> {
  if (!existsSync(file)) {
    throw new RegimenError(
      "REG_PLUGIN_MISSING",
      `plug-in ${file}: there is no such file; name a JavaScript file, a package's folder, or an installed package`,
    );
  }
  const entry = statSync(file).isDirectory() ? entryOf(file) : file;
  shareCopies();
  const { plugin } = await imported(
    { name: file, kind: "technique" },
    () => import(/* @vite-ignore */ pathToFileURL(entry).href),
  );
  const found = inventory([plugin]);
  const kinds: [Kind, readonly unknown[]][] = [
    ["technique", found.techniques],
    ["metalearner", found.metalearners],
    ["scaffold", found.scaffolds],
    ["reader", found.readers],
    ["model", found.architectures],
    ["backend", found.backends],
  ];
  const kind = kinds.find(([, things]) => things.length > 0)?.[0] ?? fail(file, "registers nothing");
  return { plugin, kind, from: file };
}

/** As whoever imports the package in `folder` gets it. Errors: REG_PLUGIN_INVALID, REG_PLUGIN_API. */
function entryOf(folder: string): string {
  const manifest = readManifest(join(folder, "package.json"));
  const { name, exports } = manifest ?? {};
  if (manifest !== undefined) declared(folder, manifest);
  try {
    // A package finds itself by its name, but only where it says what it exports.
    return createRequire(join(folder, "/")).resolve(exports !== undefined && typeof name === "string" ? name : folder);
  } catch (cause) {
    throw new RegimenError(
      "REG_PLUGIN_INVALID",
      `plug-in ${folder} is a folder without an entry point; build it (npm run build), or name its JavaScript file`,
      { cause },
    );
  }
}

async function imported(
  { name, kind }: Pick<Candidate, "name" | "kind">,
  load: () => Promise<unknown>,
): Promise<Loaded> {
  let module: unknown;
  try {
    module = await load();
  } catch (cause) {
    if (cause instanceof RegimenError) throw cause;
    throw new RegimenError("REG_PLUGIN_INVALID", `plug-in "${name}" could not be imported: ${firstLine(cause)}`, {
      cause,
    });
  }
  const plugin = (module as { default?: Partial<Plugin> }).default;
  const fits =
    typeof plugin?.name === "string" && typeof plugin.version === "string" && typeof plugin.register === "function";
  return {
    plugin: fits ? (plugin as Plugin) : fail(name, "has no default export { name, version, register }"),
    kind,
    from: name,
  };
}

const firstLine = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;

/** As the user's own code would get it. */
async function importFrom(name: string, cwd: string): Promise<unknown> {
  let file: string;
  try {
    file = createRequire(join(cwd, "/")).resolve(name);
  } catch (cause) {
    throw new RegimenError(
      "REG_PLUGIN_INVALID",
      `plug-in "${name}" is installed but has no entry that can be found; its "exports" need a "default" condition, and its files must be built`,
      { cause },
    );
  }
  return import(/* @vite-ignore */ pathToFileURL(file).href);
}

function fail(name: string, why: string): never {
  throw new RegimenError("REG_PLUGIN_INVALID", `"${name}" is no Regimen plug-in: it ${why}`);
}
