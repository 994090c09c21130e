import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { Document, LineCounter, isNode, parse, parseDocument, type YAMLError } from "yaml";
import { checkConfig, type Locate, type Path } from "./check.ts";
import type { Config } from "./types.ts";

/** A value that the command line gives, over the file's: `option` is how the user wrote it. */
export type Override = { readonly path: Path; readonly value: unknown; readonly option: string };

/** `base`: the folder at which the configuration's relative paths start. */
export type ConfigSource = { readonly config: Config; readonly base: string; readonly locate: Locate };

/** Errors: REG_CONFIG_UNREADABLE, REG_CONFIG_INVALID, each with `file:line`. */
export function readConfig(file: string | undefined, overrides: readonly Override[], cwd: string): ConfigSource {
  const lines = new LineCounter();
  const path = file === undefined ? undefined : resolve(cwd, file);
  const name = path === undefined ? "the command line" : shown(path, cwd);
  const document = path === undefined ? new Document({}) : nested(name, () => parsed(path, name, lines));
  for (const { path: at, value, option } of overrides) {
    try {
      document.setIn(at, document.createNode(value));
    } catch (cause) {
      throw new RegimenError(
        "REG_USAGE",
        `${option}: in ${name}, "${at.slice(0, -1).join(".")}" has no keys below it; write it with keys there, or check the option`,
        { cause },
      );
    }
  }
  const locate: Locate = (at) => {
    const said = overrides.find((override) => override.path.every((key, i) => String(at[i]) === String(key)));
    if (said) return said.option;
    for (let depth = at.length; depth >= 0; depth--) {
      const offset = start(document, at.slice(0, depth));
      if (offset !== undefined) return `${name}:${lines.linePos(offset).line}`;
    }
    return name;
  };
  return {
    config: nested(name, () => checkConfig(document.toJS() ?? {}, locate)),
    base: path === undefined ? cwd : dirname(path),
    locate,
  };
}

/** Brackets within brackets; a configuration has five or six. Reading more costs memory by the square. */
const DEEPEST = 100;

/** What reads a configuration goes as deep as that is nested, which may be deeper than its stack. Errors: REG_CONFIG_UNREADABLE. */
function nested<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new RegimenError(
      "REG_CONFIG_UNREADABLE",
      `${name} is nested too deep (${cause.message}); expected a configuration as regimen init writes it`,
      { cause },
    );
  }
}

function expectShallow(text: string): void {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > DEEPEST) throw new RangeError(`over ${DEEPEST} brackets`);
  }
}

/** `a.b=v`, where v is YAML: a number, true, a text, [a, list]. Errors: REG_USAGE. */
export function parseSet(text: string): Override {
  const at = text.indexOf("=");
  const path = text.slice(0, Math.max(at, 0)).split(".");
  if (at < 1 || path.includes("")) {
    throw new RegimenError(
      "REG_USAGE",
      `--set got "${text}"; expected key.key=value, such as --set training.epochs=20`,
    );
  }
  const option = `--set ${path.join(".")}`;
  try {
    return { path, value: parse(text.slice(at + 1), { logLevel: "error" }) as unknown, option };
  } catch (cause) {
    const why = (cause as Error).message.split("\n")[0];
    throw new RegimenError("REG_USAGE", `${option} got a value that is no YAML: ${why} Check its brackets and quotes`, {
      cause,
    });
  }
}

const shown = (path: string, cwd: string): string => {
  const near = relative(cwd, path);
  return near === "" || near.startsWith("..") || isAbsolute(near) ? path : near;
};

function parsed(path: string, name: string, lineCounter: LineCounter): Document {
  if (!existsSync(path)) {
    throw new RegimenError(
      "REG_CONFIG_UNREADABLE",
      `there is no file ${name}; give a configuration with --config FILE, or a folder of images`,
    );
  }
  if (statSync(path).isDirectory()) {
    throw new RegimenError("REG_CONFIG_UNREADABLE", `${name} is a folder; --config takes a YAML or JSON file`);
  }
  const text = readFileSync(path, "utf8");
  expectShallow(text);
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const wrong: YAMLError | undefined = document.errors[0];
  if (wrong) {
    const { line, col } = lineCounter.linePos(wrong.pos[0]);
    throw new RegimenError(
      "REG_CONFIG_UNREADABLE",
      `${name}:${line}:${col} is not valid YAML or JSON: ${wrong.message}`,
    );
  }
  return document;
}

/** Where the pair of a path's last key begins: the key's own line, rather than its value's. */
function start(document: Document, path: Path): number | undefined {
  const parent: unknown = path.length > 0 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (path.length === 0) return isNode(parent) ? parent.range?.[0] : undefined;
  const items: readonly unknown[] = (parent as { items?: readonly unknown[] } | undefined)?.items ?? [];
  for (const [i, item] of items.entries()) {
    const pair = item as { key?: { value?: unknown; range?: readonly number[] }; range?: readonly number[] };
    if (pair.key === undefined ? String(i) === String(path.at(-1)) : String(pair.key.value) === String(path.at(-1))) {
      return (pair.key ?? pair).range?.[0];
    }
  }
  return undefined;
}
