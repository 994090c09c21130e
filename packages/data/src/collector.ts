import { RegimenError } from "@regimen/core";
import { NO_LABEL, numberNames, numberNumbers, outOfRange } from "./labels.ts";
import { storedSamples, type OpenedSamples } from "./samples.ts";
import { PixelStore } from "./store.ts";

/** A class number, a class name, a distribution over the classes [k]; null, undefined or NaN: no label. */
export type Label = number | string | ArrayLike<number> | null | undefined;
export type Values = Uint8Array | Uint8ClampedArray | Int32Array | Float32Array;

export type CollectOptions = {
  /** What messages and ids call it. */ readonly name?: string;
  /** Names in the order of the class numbers (of the columns of soft labels). Absent: "0", "1", …, or the names found, sorted. */
  readonly classes?: readonly string[];
  /** The values of black and white. Absent: 0..255 for whole numbers; for floats the smallest of 0..1, -1..1 and 0..255 that holds all values. */
  readonly range?: readonly [number, number];
};

type Kind = "number" | "name" | "soft";
const kindOf = (label: Exclude<Label, null | undefined>): Kind =>
  typeof label === "number" ? "number" : typeof label === "string" ? "name" : "soft";

const GUESSES = [
  [0, 1],
  [-1, 1],
  [0, 255],
] as const;

/** Takes images one by one, copies them into a store, and makes Samples of them. Whole numbers 0..255 are kept as bytes. */
export class Collector {
  readonly #name: string;
  readonly #options: CollectOptions;
  readonly #memory: number | undefined;
  readonly #labels: Label[] = [];
  readonly #ids: (string | undefined)[] = [];
  #first:
    | {
        readonly h: number;
        readonly w: number;
        readonly c: number;
        readonly bytes: boolean;
        readonly store: PixelStore;
      }
    | undefined;
  #low = Infinity;
  #high = -Infinity;

  constructor(kind: string, options: CollectOptions, memory?: number) {
    this.#name = options.name ?? kind;
    this.#options = options;
    this.#memory = memory;
  }

  get length(): number {
    return this.#labels.length;
  }

  #where(row: number): string {
    return `image ${row} of ${this.#name}`;
  }

  /** `values`: [h, w, c] of one image, copied. Errors: REG_DATA_MISMATCH (another size or kind), REG_DATA_UNREADABLE (values). */
  async add(values: Values, h: number, w: number, c: number, label: Label, id?: string): Promise<void> {
    const row = this.length;
    const { range } = this.#options;
    const bytes = !(values instanceof Float32Array) && (range === undefined || (range[0] === 0 && range[1] === 255));
    if (!(h * w * c > 0) || values.length !== h * w * c) {
      throw new RegimenError(
        "REG_DATA_MISMATCH",
        `${this.#where(row)} has ${values.length} values for the shape [${h}, ${w}, ${c}]; expected ${h * w * c}, above 0`,
      );
    }
    this.#first ??= { h, w, c, bytes, store: new PixelStore(h * w * c * (bytes ? 1 : 4), this.#memory) };
    const first = this.#first;
    if (first.h !== h || first.w !== w || first.c !== c || first.bytes !== bytes) {
      const text = (of: { h: number; w: number; c: number; bytes: boolean }) =>
        `[${of.h}, ${of.w}, ${of.c}] of ${of.bytes ? "whole numbers" : "floats"}`;
      throw new RegimenError(
        "REG_DATA_MISMATCH",
        `${this.#where(row)} is ${text({ h, w, c, bytes })}; expected ${text(first)} as the first: give all one shape and type`,
      );
    }
    this.#measure(values, row);
    this.#labels.push(label);
    this.#ids.push(id);
    if (bytes) await first.store.write(row, new Uint8Array(values));
    else await first.store.write(row, new Uint8Array(new Float32Array(values).buffer));
  }

  #measure(values: Values, row: number): void {
    let low = Infinity;
    let high = -Infinity;
    let finite = true;
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
      finite &&= Number.isFinite(value);
    }
    if (!finite)
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${this.#where(row)} has values that are no finite numbers; expected pixels: remove it`,
      );
    const [black, white] = this.#options.range ?? (this.#first!.bytes ? [0, 255] : [-Infinity, Infinity]);
    // A hundredth of leeway for what resampling overshoots; bytes have none.
    const leeway = this.#first!.bytes || !Number.isFinite(white) ? 0 : 0.01 * (white - black);
    if (low < black - leeway || high > white + leeway) {
      throw new RegimenError(
        "REG_DATA_UNREADABLE",
        `${this.#where(row)} has values from ${low} to ${high}; expected ${black} to ${white}: scale them, or name their range`,
      );
    }
    this.#low = Math.min(this.#low, low);
    this.#high = Math.max(this.#high, high);
  }

  #range(): readonly [number, number] {
    if (this.#options.range) return this.#options.range;
    if (this.#first!.bytes) return [0, 255];
    const guess = GUESSES.find(([black, white]) => this.#low >= black && this.#high <= white);
    if (guess) return guess;
    throw new RegimenError(
      "REG_DATA_UNREADABLE",
      `${this.#name} has values from ${this.#low} to ${this.#high}; expected 0..1, -1..1 or 0..255: name the range of black and white`,
    );
  }

  #soft(labels: readonly Label[]): { readonly classes: readonly string[]; readonly labels: Float32Array } {
    const rows = labels as readonly (ArrayLike<number> | null | undefined)[];
    const k = this.#options.classes?.length ?? rows.find((row) => row != null)!.length;
    if (k < 2)
      throw new RegimenError(
        "REG_DATA_ONE_CLASS",
        `labels of ${this.#name} have one column; expected one for each class, or class numbers`,
      );
    const table = new Float32Array(rows.length * k).fill(Number.NaN);
    rows.forEach((row, i) => {
      if (row == null) return;
      if (row.length !== k)
        throw new RegimenError(
          "REG_DATA_MISMATCH",
          `${this.#where(i)} has ${row.length} label values; expected ${k}, one for each class`,
        );
      const values = Array.from(row);
      if (!values.every(Number.isNaN) && !values.every((value) => value >= 0 && value <= 1)) {
        throw new RegimenError(
          "REG_DATA_LABEL",
          `${this.#where(i)} has the label values [${values.slice(0, 12).join(", ")}]; allowed are 0 to 1, or NaN throughout for no label`,
        );
      }
      table.set(values, i * k);
    });
    return { classes: this.#options.classes ?? Array.from({ length: k }, (_, i) => String(i)), labels: table };
  }

  #labelled(): { readonly classes: readonly string[]; readonly labels: Int32Array | Float32Array } {
    const { classes: allowed } = this.#options;
    const labels = this.#labels.map((label) => (typeof label === "number" && Number.isNaN(label) ? null : label));
    const kinds = new Set(labels.filter((label) => label != null).map(kindOf));
    if (kinds.size > 1)
      throw new RegimenError(
        "REG_DATA_MISMATCH",
        `labels of ${this.#name} are of several kinds (${[...kinds].join(", ")}); expected class numbers, names or distributions throughout`,
      );
    const where = (row: number) => this.#where(row);
    if (kinds.has("soft")) return this.#soft(labels);
    if (kinds.has("name"))
      return numberNames(
        this.#name,
        labels.map((label) => (label as string | null) ?? undefined),
        where,
        allowed,
      );
    const numbers = Int32Array.from(labels, (label, row) => {
      if (label == null) return NO_LABEL;
      const number = label as number;
      if (!Number.isInteger(number) || number < 0 || number >= 2 ** 31)
        throw outOfRange(where(row), number, allowed?.length ?? 2 ** 31);
      return number;
    });
    return numberNumbers(this.#name, numbers, where, undefined, allowed);
  }

  /** Errors: REG_DATA_EMPTY, REG_DATA_LABEL, REG_DATA_ONE_CLASS, REG_DATA_MISMATCH. */
  finish(): OpenedSamples {
    if (!this.#first) throw new RegimenError("REG_DATA_EMPTY", `${this.#name} gave no image; expected one or more`);
    const { h, w, c, bytes, store } = this.#first;
    return storedSamples({
      name: this.#name,
      store,
      format: { h, w, c, range: this.#range() },
      values: bytes ? "uint8" : "float32",
      ...this.#labelled(),
      length: this.length,
      id: (row) => this.#ids[row] ?? `${this.#name}#${row}`,
      skipped: [],
      sizes: [{ h, w, images: this.length }],
      notes: [],
    });
  }

  /** For whoever gives up before `finish`. */
  discard(): void {
    this.#first?.store.close();
  }
}

/** Feeds a collector, and frees it if that fails. */
export async function collect(collector: Collector, feed: () => Promise<void>): Promise<OpenedSamples> {
  try {
    await feed();
    return collector.finish();
  } catch (error) {
    collector.discard();
    throw error;
  }
}
