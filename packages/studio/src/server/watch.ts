import type { Change } from "../view.ts";

type Listener = (change: Change) => void;

/**
 * Tells who listens of every run that is new, changed or gone. It looks at the files' times now and then, which also works
 * where a system tells nothing (network drives, files that are replaced whole), and only while somebody listens.
 */
export class Watch {
  /** By run. */ readonly #versions: () => ReadonlyMap<string, string>;
  readonly #every: number;
  readonly #listeners = new Set<Listener>();
  #known: ReadonlyMap<string, string> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(versions: () => ReadonlyMap<string, string>, every: number) {
    [this.#versions, this.#every] = [versions, every];
  }

  /** Returns what ends the listening. */
  listen(listener: Listener): () => void {
    if (this.#listeners.size === 0) {
      this.#known = this.#versions();
      this.#timer = setInterval(() => this.look(), this.#every);
    }
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  }

  look(): void {
    const before = this.#known;
    const now = this.#versions();
    this.#known = now;
    const changed = [...now].filter(([id, version]) => before.get(id) !== version);
    const gone = [...before.keys()].filter((id) => !now.has(id));
    for (const [id, version] of changed) this.#tell({ id, version });
    for (const id of gone) this.#tell({ id, version: null });
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}
