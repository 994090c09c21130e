import { RegimenError } from "@regimen/contracts";
import { CommanderError } from "commander";
import type { Io } from "./io.ts";
import type { Console } from "./display/console.ts";

/** 0 done; 1 the job failed; 2 bad usage or bad input; 130 interrupted, state saved. */
export type ExitCode = 0 | 1 | 2 | 130;

/** Thrown by a command whose job was stopped by the user; `resume`: the command that goes on with it. */
export class Interrupted extends Error {
  readonly resume: string | undefined;
  constructor(resume: string | undefined) {
    super("interrupted");
    this.resume = resume;
  }
}

type Failure = { readonly code: string | null; readonly message: string; readonly exit: ExitCode };

/** One line to stderr (and, with `--json`, `{ "error" }` to stdout), and the exit code. */
export function tellFailure(error: unknown, console: Console, io: Io): ExitCode {
  if (error instanceof Interrupted) return tellInterrupted(error, console);
  const failure = understood(error);
  console.json({ error: { code: failure.code, message: failure.message } });
  console.error(`regimen: ${failure.code === null ? "" : `${failure.code}: `}${failure.message}`);
  if (io.env.REGIMEN_DEBUG) console.error(trace(error));
  return failure.exit;
}

function tellInterrupted({ resume }: Interrupted, console: Console): ExitCode {
  const message = resume === undefined ? "interrupted" : `interrupted; what was done is saved. To go on: ${resume}`;
  console.json({ error: { code: "INTERRUPTED", message } });
  console.error(`regimen: ${message}`);
  return 130;
}

function understood(error: unknown): Failure {
  if (error instanceof CommanderError) {
    return { code: "REG_USAGE", message: oneLine(error.message.replace(/^error: /, "")), exit: 2 };
  }
  if (isRegimenError(error)) {
    return {
      code: error.code,
      message: oneLine(error.message.replace(`${error.code}: `, "")),
      exit: error.input ? 2 : 1,
    };
  }
  const { code, path, message } = (error ?? {}) as { code?: unknown; path?: unknown; message?: unknown };
  if (code === "ENOSPC") {
    const where = typeof path === "string" ? ` at ${path}` : "";
    return {
      code: "REG_DISK",
      message: `no space is left on the disk${where}; make room, then say the same again; a run that was begun goes on with regimen resume RUN`,
      exit: 1,
    };
  }
  if (code === "ENAMETOOLONG" && typeof path === "string")
    return {
      code: "REG_DISK",
      message: oneLine(`${path}: this name is too long for the system; use a shorter one`),
      exit: 1,
    };
  if (["EACCES", "EPERM", "EROFS"].includes(String(code)) && typeof path === "string")
    return {
      code: "REG_DISK",
      message: `${path} may not be read or written; see to its permissions, or name another place`,
      exit: 1,
    };
  return { code: null, message: oneLine(typeof message === "string" ? message : String(error)), exit: 1 };
}

/** A plug-in may bring another copy of the core, so `instanceof` alone does not do. */
function isRegimenError(error: unknown): error is RegimenError {
  return error instanceof RegimenError || (error instanceof Error && error.name === "RegimenError" && "code" in error);
}

/** Longer messages, which quote what somebody's file says, lose their middle. */
const LONGEST = 800;

/** For a terminal: what a file says may hold control characters, which a terminal would obey. */
function oneLine(text: string): string {
  const line = text
    .split("\n")
    .map((part) => part.replace(/\p{Cc}+/gu, " ").trim())
    .filter(Boolean)
    .join(" ");
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST / 2)} … ${line.slice(-LONGEST / 2)}`;
}

function trace(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? (error.stack ?? error.message)
    : `${error.stack}\nCaused by: ${trace(error.cause)}`;
}
