import { createLogUpdate } from "log-update";
import type { Io } from "../io.ts";
import { painter, type Paint } from "./style.ts";

/** How much is said. */
export type Manner = { readonly json: boolean; readonly quiet: boolean };

/** Seconds between two lines of progress where nobody sees a living line. */
const PLAIN_EVERY = 10;

/** Speaks to a person: results to stdout, all else to stderr; one JSON document to stdout where that was asked for. */
export class Console {
  readonly manner: Manner;
  /** For stderr. */ readonly paint: Paint;
  /** For stdout. */ readonly ink: Paint;
  readonly #io: Io;
  readonly #living: ReturnType<typeof createLogUpdate> | undefined;
  #live: string | undefined;
  #lastPlain = Date.now();

  constructor(io: Io, manner: Manner) {
    this.manner = manner;
    this.#io = io;
    this.paint = painter(io.stderr, io.env);
    this.ink = painter(io.stdout, io.env);
    this.#living = io.stderr.isTTY && !manner.quiet ? createLogUpdate(io.stderr as NodeJS.WriteStream) : undefined;
  }

  /** A line that stays: plan, stages, finished trials. */
  note(text: string): void {
    if (!this.manner.quiet) this.#above(text);
  }

  warn(code: string, message: string): void {
    this.#above(`${this.paint("yellow", "warning")} ${code}: ${message}`);
  }

  /** Progress: a living line on a terminal; elsewhere a line now and then. */
  live(text: string): void {
    if (this.manner.quiet) return;
    if (this.#living) {
      this.#live = text;
      this.#living(text);
    } else if (Date.now() - this.#lastPlain >= 1000 * PLAIN_EVERY) {
      this.#lastPlain = Date.now();
      this.#io.stderr.write(`${text}\n`);
    }
  }

  /** Takes the living line away. */
  still(): void {
    if (this.#live !== undefined) this.#living?.clear();
    this.#live = undefined;
  }

  /** The result as a person reads it. */
  say(text: string): void {
    this.still();
    if (!this.manner.json) this.#io.stdout.write(`${text}\n`);
  }

  /** The result as a program reads it: called once a command. */
  json(document: unknown): void {
    this.still();
    if (this.manner.json) this.#io.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }

  error(text: string): void {
    this.#above(text);
  }

  /** Shows the cursor again. */
  done(): void {
    this.still();
    this.#living?.done();
  }

  #above(text: string): void {
    if (this.#live !== undefined) this.#living?.clear();
    this.#io.stderr.write(`${text}\n`);
    if (this.#live !== undefined) this.#living?.(this.#live);
  }
}
