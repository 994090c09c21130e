import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import type { Console } from "../display/console.ts";
import { row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../job/folder.ts";

export type StudioFlags = { readonly runs: string; readonly port: number };

/** Serves until it is stopped: Ctrl-C ends it, and is no failure. Errors: REG_RUN_MISSING, REG_USAGE. */
export async function studioCommand(io: Io, console: Console, flags: StudioFlags): Promise<void> {
  const runs = resolve(io.cwd, flags.runs);
  const shown = shownPath(runs, io.cwd);
  if (!existsSync(runs))
    throw new RegimenError(
      "REG_RUN_MISSING",
      `there is no folder ${shown}; name the one that holds your runs: --runs DIR`,
    );
  const { startStudio } = await import("@regimen/studio");
  const studio = await startStudio({ runs, port: flags.port, command: io.self ?? [], cwd: io.cwd }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") throw error;
      throw new RegimenError(
        "REG_USAGE",
        `port ${flags.port} is taken, perhaps by another studio; choose another: --port ${flags.port + 1}, or 0 for any`,
      );
    },
  );
  console.json({ url: studio.url, port: studio.port, runs });
  console.say(row(console.ink, "studio", studio.url));
  console.say(row(console.ink, "runs", shown));
  console.note(
    row(console.paint, "", "The address holds a token: who has it can stop and resume runs. Ctrl-C ends it."),
  );
  await new Promise<void>((stop) => {
    const unlisten = io.onInterrupt(() => {
      unlisten();
      stop();
    });
  });
  await studio.close();
}
