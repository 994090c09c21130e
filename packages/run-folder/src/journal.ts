import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { RegimenError, type Json } from "@regimen/contracts";
import { onDisk } from "./store.ts";

type Entry = { readonly kind: string; readonly id: string; readonly value: Json };

/** What is finished, line by line. Append-only: a line that a kill cut short is dropped on opening. */
export class Journal {
  readonly #file: string | undefined;
  readonly #entries: Map<string, Json>;

  /** Without a file it lives in memory. Errors: REG_JOURNAL where a line other than the last is damaged. */
  constructor(file?: string) {
    this.#file = file;
    this.#entries = new Map(file && existsSync(file) ? readAll(file) : []);
  }

  get<T extends Json>(kind: string, id: string): T | undefined {
    return this.#entries.get(`${kind}/${id}`) as T | undefined;
  }

  /** A second value for the same key replaces the first. */
  add(kind: string, id: string, value: Json): void {
    this.#entries.set(`${kind}/${id}`, value);
    const file = this.#file;
    if (!file) return;
    onDisk(() => {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${JSON.stringify({ kind, id, value } satisfies Entry)}\n`, { flush: true });
    });
  }
}

function readAll(file: string): [string, Json][] {
  const text = readFileSync(file, "utf8");
  const whole = text.lastIndexOf("\n") + 1;
  if (whole < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, whole)));
  const lines = text.slice(0, whole).split("\n").slice(0, -1);
  return lines.map((line, at) => {
    try {
      const { kind, id, value } = JSON.parse(line) as Partial<Entry>;
      if (typeof kind !== "string" || typeof id !== "string" || value === undefined) throw new Error("not an entry");
      return [`${kind}/${id}`, value];
    } catch (cause) {
      throw new RegimenError(
        "REG_JOURNAL",
        `line ${at + 1} of ${file} is damaged; delete that line and those after it, then resume`,
        { cause },
      );
    }
  });
}
