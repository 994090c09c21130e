/**
 * A module that the user installs, not Regimen; undefined where it is not installed. In Node it is looked for from the folder
 * in REGIMEN_WEBGPU (where that is set), then from the user's working directory, then from here.
 */
export async function importFound(name: string): Promise<unknown> {
  // Only here: browsers have no such modules.
  const [{ createRequire }, { join }, { pathToFileURL }] = await Promise.all([
    import("node:module"),
    import("node:path"),
    import("node:url"),
  ]);
  const folders = [process.env["REGIMEN_WEBGPU"], process.cwd()].filter((folder) => folder !== undefined);
  for (const from of [...folders.map((folder) => join(folder, "/")), import.meta.url]) {
    let file: string;
    try {
      file = createRequire(from).resolve(name);
    } catch {
      continue;
    }
    return import(pathToFileURL(file).href);
  }
  return undefined;
}

export const isNode = (): boolean => typeof process !== "undefined" && process.versions?.node !== undefined;
