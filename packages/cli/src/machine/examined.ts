import { spawn } from "node:child_process";
import type { Io } from "../io.ts";

export type Examined = {
  readonly name: string;
  readonly available: boolean;
  /** Why not; for one that only a name selects, that it is so; null otherwise. */ readonly reason: string | null;
  readonly version: string | null;
  readonly device: string | null;
  /** Of a short training; null where none was done. */ readonly imagesPerSecond: number | null;
};

/** A backend that neither answers nor fails is given up after this. */
const PATIENCE = 60_000;

export const unavailable = (name: string, why: string): Examined => ({
  name,
  available: false,
  reason: why.split("\n")[0]!,
  version: null,
  device: null,
  imagesPerSecond: null,
});

export type Elsewhere = {
  readonly plugins: readonly string[];
  /** False: no short training. */ readonly speed: boolean;
  /** Beside the environment that there is. */ readonly env?: Readonly<Record<string, string>>;
};

/** A process of its own: loading one backend must not spoil the next, and a native one may take its process down. */
export function elsewhere(name: string, io: Io, { plugins, speed, env }: Elsewhere): Promise<Examined> {
  const [command, ...args] = io.self!;
  const flags = [...plugins.flatMap((plugin) => ["--plugin", plugin]), ...(speed ? [] : ["--no-speed"])];
  return new Promise((done) => {
    const child = spawn(command!, [...args, "doctor", "--backend", name, "--json", ...flags], {
      cwd: io.cwd,
      env: { ...io.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: PATIENCE,
    });
    const out: string[] = [];
    const err: string[] = [];
    child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text));
    child.on("error", (error) => done(unavailable(name, error.message)));
    child.on("close", (code, signal) => {
      try {
        done((JSON.parse(out.join("")) as { backends: Examined[] }).backends[0]!);
      } catch {
        const last = err.join("").trim().split("\n").at(-1);
        const ended =
          signal === "SIGTERM"
            ? `gave no answer in ${PATIENCE / 1000} s`
            : `its process ended with ${signal ?? `code ${code}`}`;
        done(unavailable(name, last ? `${ended}: ${last}` : ended));
      }
    });
  });
}
