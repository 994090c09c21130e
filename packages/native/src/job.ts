import { spawn } from "node:child_process";
import type { Env, NativePackage } from "./cache.ts";

/** One attempt to make a tfjs-node work. */
export type Job = {
  readonly package: NativePackage;
  readonly gpu: boolean;
  readonly env: Env;
  readonly signal: AbortSignal;
  /** A folder of this job's own; gone when it ends. */ readonly stage: string;
  /** In it, what is to stay. */ readonly app: string;
  /** Says what begins now. */ tell(step: string): void;
};

/** Why a way does not lead anywhere, in a clause. `todo`: what would mend it. */
export class Refusal extends Error {
  readonly todo: string | undefined;
  constructor(message: string, todo?: string) {
    super(message);
    this.todo = todo;
  }
}

export type Ran = {
  readonly ok: boolean;
  /** There is no such command. */ readonly missing: boolean;
  readonly out: string;
  readonly err: string;
  /** How it ended, in words. */ readonly ended: string;
};

export type How = {
  readonly cwd: string;
  /** Seconds after which it is ended. */ readonly limit: number;
  readonly env?: Env;
  /** Each piece of its stdout as it comes. */ readonly hear?: (text: string) => void;
};

const WINDOWS = process.platform === "win32";

/** Runs a command to its end, whatever that is. Throws only the signal's reason. */
export async function run(job: Job, command: string, args: readonly string[], how: How): Promise<Ran> {
  job.signal.throwIfAborted();
  const child = spawn(command, args, {
    cwd: how.cwd,
    env: { ...job.env, ...how.env },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
    // A group of its own, so that what it has started ends with it.
    detached: !WINDOWS,
    // npm is a .cmd file on Windows, which only a shell runs; no argument of ours needs quotes there.
    shell: WINDOWS && command === "npm",
  });
  const end = () => {
    try {
      if (WINDOWS) child.kill();
      else process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, 1000 * how.limit);
  job.signal.addEventListener("abort", end);
  try {
    const ran = await new Promise<Ran>((done) => {
      let [out, err] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
        how.hear?.(text);
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
      child.on("error", (error: NodeJS.ErrnoException) =>
        done({ ok: false, missing: error.code === "ENOENT", out, err, ended: error.message }),
      );
      child.on("close", (code, signal) => {
        const ended = late ? `not done after ${how.limit} s` : signal ? `ended by ${signal}` : `exit code ${code}`;
        done({ ok: code === 0 && !late, missing: false, out, err, ended });
      });
    });
    job.signal.throwIfAborted();
    return ran;
  } finally {
    clearTimeout(timer);
    job.signal.removeEventListener("abort", end);
  }
}

/** How it ended, and the line of its output that says best why: the first that reports an error, else the last. */
export function complaint({ out, err, ended }: Ran): string {
  const lines = `${out}\n${err}`.split("\n").map((line) => line.trim());
  const told = lines.filter((line) => line !== "");
  const line = told.find((each) => /^\w*error\b|: (fatal )?error\b|cannot find -l/i.test(each)) ?? told.at(-1);
  return line === undefined ? ended : `${ended}: ${line.slice(0, 300)}`;
}
