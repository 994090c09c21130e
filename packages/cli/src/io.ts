import { fileURLToPath } from "node:url";
import type { Plugin, Regimen } from "@regimen/core";

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** The package that carries the command line: its own dependencies are plug-ins too. `import` is its own `import()`. */
export type Host = {
  readonly url: string;
  readonly manifest: {
    readonly name: string;
    readonly version: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  import(name: string): Promise<unknown>;
};

/** All that the command line touches of the world, so that a test can run it in process. */
export type Io = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results. */ readonly stdout: Output;
  /** Plan, progress, warnings, errors. */ readonly stderr: Output;
  readonly host: Host;
  /** How to start this command line again: `doctor` tries each backend in a process of its own. Absent: all in this one. */
  readonly self?: readonly string[];
  /** Calls `stop` at the first Ctrl-C or SIGTERM; the answer ends the listening. */
  onInterrupt(stop: () => void): () => void;
  createRegimen(options: { plugins: readonly Plugin[]; backend?: string }): Promise<Regimen>;
};

/** One call of the command line. `line`: as a person would type it again. */
export type Call = Io & { readonly line: string };

/** This process. A second Ctrl-C ends it at once, as `process.exit(130)` does. */
export function processIo(host: Host, bin: string): Io {
  return {
    cwd: process.cwd(),
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    host,
    self: [process.execPath, ...process.execArgv, fileURLToPath(bin)],
    createRegimen: async (options) => (await import("@regimen/core")).createRegimen(options),
    onInterrupt(stop) {
      let asked = false;
      const once = () => {
        if (asked) process.exit(130);
        asked = true;
        stop();
      };
      process.on("SIGINT", once);
      process.on("SIGTERM", once);
      return () => {
        process.off("SIGINT", once);
        process.off("SIGTERM", once);
      };
    },
  };
}
