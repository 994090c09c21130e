import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import type { Console } from "../display/console.ts";
import { row, typed } from "../display/style.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../job/folder.ts";
import { NEW_KINDS, namesOf, writePackage, type NewKind } from "../new/package.ts";

export type NewFlags = { readonly out?: string };

/** How the new plug-in is used, once it is built. */
const USES: Readonly<Record<NewKind, (folder: string, short: string) => string>> = {
  technique: (folder) => `regimen try ${typed(`./${folder}`)} --data ./photos`,
  metalearner: (folder, short) =>
    `regimen train ./photos --plugin ${typed(`./${folder}`)} --set search.metalearner=${short}`,
  scaffold: (folder) => `regimen train ./photos --plugin ${typed(`./${folder}`)}`,
  reader: (folder, short) => `regimen train ${short}:./FILE --plugin ${typed(`./${folder}`)}`,
};

/** Errors: REG_USAGE, REG_RUN_EXISTS. */
export async function newCommand(io: Io, console: Console, kind: string, name: string, flags: NewFlags): Promise<void> {
  if (!NEW_KINDS.includes(kind as NewKind))
    throw new RegimenError("REG_USAGE", `got the kind "${kind}"; expected ${NEW_KINDS.join(", ")}`);
  const names = namesOf(kind as NewKind, name);
  const folder = resolve(io.cwd, flags.out ?? names.package.replace(/^@.*\//, ""));
  const shown = shownPath(folder, io.cwd);
  if (existsSync(folder))
    throw new RegimenError(
      "REG_RUN_EXISTS",
      `${shown} exists already, and nothing there is overwritten; name another folder: --out ${typed(`${shown}-2`)}`,
    );
  const files = await writePackage(kind as NewKind, names, folder, io.host.manifest.version);
  console.json({ name: names.package, kind, folder, files });
  const { ink } = console;
  console.say(row(ink, "written", `${names.package}: ${files.length} files in ${shown}`));
  console.say(row(ink, "change", `src/${names.short}.ts, its tests and README.md: they are an example that works`));
  console.say(row(ink, "test", `cd ${typed(shown)} && npm install && npm test`));
  console.say(row(ink, "use", USES[kind as NewKind](shown, names.short)));
}
