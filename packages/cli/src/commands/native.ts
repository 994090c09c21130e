import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { resolve, sep } from "node:path";
import { installNative, type InstalledNative } from "@regimen/native";
import type { Console } from "../display/console.ts";
import { WIDTH, clock, row, wrap } from "../display/style.ts";
import { Interrupted } from "../failures.ts";
import type { Io } from "../io.ts";

export type NativeFlags = { readonly gpu?: boolean; readonly python?: string; readonly force?: boolean };

export async function nativeCommand(io: Io, console: Console, flags: NativeFlags): Promise<void> {
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => stop.abort());
  const steps = new Steps(console);
  const { gpu = false, force = false, python } = flags;
  try {
    const native = await installNative({
      gpu,
      force,
      env: io.env,
      signal: stop.signal,
      ...(python !== undefined && { python: fromHere(python, io.cwd) }),
      tell: (step) => steps.begin(step),
    });
    steps.end();
    console.json({ ...native, seconds: steps.seconds });
    tell(native, console);
  } catch (error) {
    throw stop.signal.aborted ? new Interrupted(undefined) : error;
  } finally {
    steps.end();
    unlisten();
  }
}

/** A path as seen from where the user stands; else a command on the PATH. */
function fromHere(python: string, cwd: string): string {
  const path = resolve(cwd, python);
  return existsSync(path) ? path : python;
}

function tell(native: InstalledNative, console: Console): void {
  const { ink } = console;
  const device = native.gpu ? "a GPU" : "the processor";
  const folder = native.folder.startsWith(homedir() + sep)
    ? `~${native.folder.slice(homedir().length)}`
    : native.folder;
  const works = `TensorFlow ${native.tensorflow} works here, on ${device}, through ${native.package} ${native.version}`;
  console.say(["", ...wrap(`  ${works}`, WIDTH, 2), ""].join("\n"));
  for (const why of native.tried) console.say(row(ink, "passed over", why));
  console.say(row(ink, "from", native.from));
  console.say(row(ink, "in", folder));
  if (!native.built) console.say(row(ink, "since", "an earlier call; to build it again: regimen native --force"));
  console.say(row(ink, "to use it", "nothing more is needed; regimen doctor shows how fast it is"));
}

/** One line a step, with the time that it took; the last one lives. */
class Steps {
  readonly #console: Console;
  readonly #began = Date.now();
  #step: { readonly name: string; readonly since: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(console: Console) {
    this.#console = console;
  }

  get seconds(): number {
    return (Date.now() - this.#began) / 1000;
  }

  begin(name: string): void {
    this.end();
    const since = Date.now();
    const show = () => this.#console.live(this.#line(name, since));
    this.#step = { name, since, timer: setInterval(show, 1000) };
    show();
  }

  end(): void {
    if (this.#step === undefined) return;
    const { name, since, timer } = this.#step;
    clearInterval(timer);
    this.#step = undefined;
    this.#console.still();
    this.#console.note(this.#line(name, since));
  }

  #line(name: string, since: number): string {
    return row(this.#console.paint, clock((Date.now() - since) / 1000), name);
  }
}
