import { createRequire } from "node:module";
import { join } from "node:path";

/**
 * A require function that finds `name`, or undefined. Looked for from the folder in REGIMEN_TFJS_NODE (where that is set),
 * then from the user's working directory, then from here: the user installs it, not Regimen.
 */
export function requireThatFinds(name: string): NodeJS.Require | undefined {
  const folders = [process.env["REGIMEN_TFJS_NODE"], process.cwd()].filter((folder) => folder !== undefined);
  for (const from of [...folders.map((folder) => join(folder, "/")), import.meta.url]) {
    const require = createRequire(from);
    try {
      require.resolve(name);
      return require;
    } catch {
      // Not there; the next place may have it.
    }
  }
  return undefined;
}
