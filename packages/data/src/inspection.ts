import type { Rows, Samples } from "@regimen/core";
import type { OpenedSamples } from "./samples.ts";
import type { SizeCount } from "./sizes.ts";

/** What can be inspected: the core's `Source` and every reader's `Samples`. */
export type Inspectable = Pick<Samples, "name" | "length" | "format" | "classes" | "skipped" | "labels" | "id"> & {
  read(rows: ArrayLike<number>): Promise<Pick<Rows, "images" | "masks">>;
  readonly about?: OpenedSamples["about"];
};

export type Example = { readonly split: string; readonly id: string; readonly class: string | null };
/** Copies, counted in images, each held against the first place (in the order of the splits) where its image stands. */
export type Copies = {
  /** Copies of an image of the same split. */ readonly within: number;
  /** Copies of an image of an earlier split. */ readonly across: number;
  /** Copies whose label is not that of the image they copy. */ readonly conflicting: number;
  /** `images` of `split` stand in `in` (which may be the same). */
  readonly pairs: readonly { readonly split: string; readonly in: string; readonly images: number }[];
  /** Those across splits first, then conflicting ones, at most 20. */ readonly examples: readonly {
    readonly images: readonly Example[];
  }[];
};
/** What `regimen data inspect --json` prints. Plain JSON; what does not apply is null. */
export type Inspection = {
  readonly format: 1;
  readonly images: number;
  readonly splits: readonly {
    readonly name: string;
    readonly source: string;
    readonly images: number;
    readonly labelled: number;
    readonly unlabelled: number;
    readonly unreadable: number;
    /** [h, w, c] after reading. */ readonly imageShape: readonly [number, number, number];
    readonly range: readonly [number, number];
    /** Before resizing, the ten commonest; null where the source does not say. */ readonly sizes:
      readonly SizeCount[] | null;
    readonly sizesFound: number | null;
  }[];
  readonly classes: readonly {
    readonly name: string;
    /** That show it: one image may be of several classes, where labels are masks, objects or several. */
    readonly images: number;
    /** Of all labelled images. */ readonly share: number;
    readonly splits: { readonly [split: string]: number };
    /** Mean luma, 0 black to 1 white; null without images. */ readonly brightness: number | null;
  }[];
  /** Of the first split; null without labels. `ratio`: largest over smallest, null where a class is empty. */
  readonly balance: { readonly largest: string; readonly smallest: string; readonly ratio: number | null } | null;
  /** Equal to the bit after reading. */ readonly duplicates: Copies;
  /** Alike but not equal: resized, compressed again, little changed. A guess: look at the examples. */ readonly nearDuplicates: Copies;
  readonly unreadable: readonly { readonly split: string; readonly file: string; readonly why: string }[];
  /** What a person should know, in words. */ readonly notes: readonly string[];
};
