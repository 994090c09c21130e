import type { Trial } from "@regimen/contracts";
import { bytesIn, fileIn } from "./place.ts";

/** What a journal says so far. `damaged`: the first line, from 1, that is no entry. */
export type Told = { readonly trials: readonly Trial[]; readonly done: boolean; readonly damaged: number | null };

/**
 * Reads a journal that somebody else writes: never changes it, leaves out a line that is not whole yet, and reads only what
 * was added since the last time.
 */
export class JournalReader {
  readonly #folder: string;
  readonly #trials = new Map<string, Trial>();
  #read = 0;
  #lines = 0;
  #done = false;
  #damaged: number | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(): Told {
    const size = fileIn(this.#folder, "journal.jsonl")?.size ?? 0;
    if (size < this.#read) this.#restart();
    if (size > this.#read) this.#take(bytesIn(this.#folder, "journal.jsonl", this.#read) ?? Buffer.alloc(0));
    return { trials: [...this.#trials.values()], done: this.#done, damaged: this.#damaged };
  }

  #take(bytes: Buffer): void {
    const whole = bytes.lastIndexOf(10) + 1;
    this.#read += whole;
    for (const line of bytes.toString("utf8", 0, whole).split("\n").slice(0, -1)) {
      this.#lines++;
      try {
        this.#enter(JSON.parse(line));
      } catch {
        this.#damaged ??= this.#lines;
      }
    }
  }

  #enter({ kind, id, value }: { kind?: unknown; id?: unknown; value?: unknown }): void {
    if (typeof kind !== "string" || typeof id !== "string" || value === undefined) throw new Error("not an entry");
    if (kind === "done" && id === "run") this.#done = true;
    if (kind !== "trial") return;
    const trial = value as Trial;
    if (typeof trial.name !== "string" || !Array.isArray(trial.points) || !Array.isArray(trial.policy?.steps))
      throw new Error("not a trial");
    // The losses of all validation images are the search's own business, and large.
    this.#trials.set(id, { ...trial, losses: [] });
  }

  #restart(): void {
    this.#trials.clear();
    [this.#read, this.#lines, this.#done, this.#damaged] = [0, 0, false, null];
  }
}
