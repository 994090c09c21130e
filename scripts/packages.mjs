// Every package of the workspace, with its folder and manifest.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const groups = ["", "backends", "scaffolds", "techniques", "metalearners"];

export const packages = groups
  .flatMap((group) => {
    const folder = join(root, "packages", group);
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  })
  .filter((folder) => existsSync(join(folder, "package.json")))
  .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) }));
