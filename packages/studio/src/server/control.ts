import { spawn } from "node:child_process";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { readStatusIn, type Own, type Run } from "./run.ts";
import { working } from "./state.ts";

/** Why something cannot be done now, in words. */
export class Refused extends Error {}

/** Stops and resumes runs. What it starts goes on when the studio ends. */
export class Control {
  /** `regimen`, as a command and its first arguments. */ readonly #command: readonly string[];
  readonly #cwd: string;
  readonly #stopping = new Map<string, number>();
  readonly #started = new Map<string, { pid: number; ended: string | null; running: boolean }>();

  constructor(command: readonly string[], cwd: string) {
    [this.#command, this.#cwd] = [command, cwd];
  }

  /** What nobody could read from the run's files. */
  own({ id, folder }: Run): Own {
    const status = readStatusIn(folder);
    const started = this.#started.get(id);
    const known = status !== null && started?.pid === status.pid;
    return {
      starting: started?.running === true && !known,
      stopping: status !== null && this.#stopping.get(id) === status.pid && working(status).running,
      ended: known ? null : (started?.ended ?? null),
    };
  }

  /** As Ctrl-C does, once: a second one would end it without saving. Errors: Refused. */
  stop(run: Run): void {
    const status = readStatusIn(run.folder);
    if (!run.card(this.own(run)).can.stop || !status) throw new Refused("this run cannot be stopped from here now");
    this.#stopping.set(run.id, status.pid);
    process.kill(status.pid, "SIGINT");
  }

  /** Starts `regimen resume` on it. Errors: Refused. */
  resume(run: Run): void {
    if (!run.card(this.own(run)).can.resume) throw new Refused("this run cannot be resumed from here now");
    const [program, ...first] = this.#command;
    if (program === undefined) throw new Refused("this studio was started without a command that could resume a run");
    const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW = 0 } = constants;
    const log = openSync(join(run.folder, "studio.log"), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o644);
    try {
      writeSync(log, `\n${new Date().toISOString()} resumed from the studio\n`);
      // A folder whose name begins with a dash is no option: the path is absolute.
      const child = spawn(program, [...first, "resume", run.folder], {
        cwd: this.#cwd,
        detached: true,
        stdio: ["ignore", log, log],
      });
      const started = { pid: child.pid ?? -1, ended: null as string | null, running: true };
      this.#started.set(run.id, started);
      this.#stopping.delete(run.id);
      const end = (why: string | null): void => {
        started.running = false;
        started.ended = why;
      };
      child.on("error", (error) => end(`it could not be started: ${error.message}`));
      child.on("exit", (code) =>
        end(code === 0 || code === 130 ? null : `it ended with exit code ${code ?? "none"}; its last words are below`),
      );
      child.unref();
    } finally {
      closeSync(log);
    }
  }
}
