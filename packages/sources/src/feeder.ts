import { RegimenError, type Extra, type Rng, type Rows, type Source } from "@regimen/contracts";
import { expectSame, joinRows } from "./source.ts";

/** Which rows come when: an endless walk through permutations, a pure function of seed and position. */
export class Walk {
  readonly #source: Source;
  readonly #rng: Rng;
  #epoch = -1;
  #order: ArrayLike<number> = [];
  constructor(source: Source, rng: Rng) {
    if (!source.length)
      throw new RegimenError("REG_DATA_EMPTY", `"${source.name}" has no examples; training needs some`);
    this.#source = source;
    this.#rng = rng;
  }

  /** The `count` rows from position `from` on. */
  rows(from: number, count: number): number[] {
    const { length } = this.#source;
    return Array.from({ length: count }, (_, i) => {
      const epoch = Math.floor((from + i) / length);
      if (epoch !== this.#epoch) [this.#epoch, this.#order] = [epoch, this.#shuffle(epoch)];
      return this.#order[(from + i) % length]!;
    });
  }

  #shuffle(epoch: number): ArrayLike<number> {
    const { length, chance } = this.#source;
    const rng = this.#rng.fork(epoch);
    if (!chance) return rng.permutation(length);
    const until = new Float64Array(length);
    let sum = 0;
    for (let row = 0; row < length; row++) until[row] = sum += chance[row]!;
    return Int32Array.from({ length }, () => {
      const u = rng.uniform() * sum;
      let [lo, hi] = [0, length - 1];
      while (lo < hi) {
        const mid = (lo + hi) >> 1;
        if (until[mid]! > u) hi = mid;
        else lo = mid + 1;
      }
      return lo;
    });
  }
}

/** Batches of one size: the set (with its `of: "set"` extras mixed in) and the fixed shares of `of: "batch"` extras. */
export class Feeder {
  /** Examples that make one epoch. */ readonly length: number;
  readonly #parts: readonly { source: Source; walk: Walk; count: number }[];
  #next: { step: number; rows: Promise<Rows> } | undefined;

  constructor(data: Source, extra: readonly Extra[], batch: number, rng: Rng) {
    const open = extra.filter((e) => e.ratio > 0);
    for (const e of open) expectSame(data, e.source);
    const pool = open
      .filter((e) => e.of === "set")
      .reduce((all, e, at) => {
        const rows = new Walk(e.source, rng.fork("extra").fork(at)).rows(0, Math.round(e.ratio * data.length));
        return all.concat(e.source.subset(rows));
      }, data);
    const beside = open.filter((e) => e.of === "batch");
    const shares = 1 + beside.reduce((sum, e) => sum + e.ratio, 0);
    const counts = beside.map((e) => Math.max(1, Math.round((batch * e.ratio) / shares)));
    const own = batch - counts.reduce((sum, count) => sum + count, 0);
    if (own < 1)
      throw new RegimenError(
        "REG_CONFIG_INVALID",
        `a batch of ${batch} has no room for labelled examples beside ${shares - 1} times as many others; use a larger batch or a smaller ratio`,
      );
    this.length = pool.length;
    this.#parts = [
      { source: pool, walk: new Walk(pool, rng.fork("order")), count: own },
      ...beside.map((e, at) => ({
        source: e.source,
        walk: new Walk(e.source, rng.fork("beside").fork(at)),
        count: counts[at]!,
      })),
    ];
  }

  /** Epochs done before step `step`, with their fraction. */
  epoch(step: number): number {
    return (step * this.#parts[0]!.count) / this.length;
  }

  /** The batch of step `step`. The one after it is read meanwhile. */
  async batch(step: number): Promise<Rows> {
    const rows = this.#next?.step === step ? this.#next.rows : this.#read(step);
    const next = this.#read(step + 1);
    next.catch(() => undefined); // raised when it is asked for; a stage may end before that
    this.#next = { step: step + 1, rows: next };
    return rows;
  }

  async #read(step: number): Promise<Rows> {
    return joinRows(
      await Promise.all(this.#parts.map(({ source, walk, count }) => source.read(walk.rows(step * count, count)))),
    );
  }
}
