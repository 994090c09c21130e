import type { NamedTensorMap, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from "@tensorflow/tfjs-core";

/** Pixels are raw: `range` says which values mean black and white ([0, 255] for files). Layout is [h, w, c]. */
export type ImageFormat = {
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly range: readonly [number, number];
};

/** A sheet: `images` [n, h, w, c] in `format`, so many to a row. */
export type Pictures = {
  readonly images: Uint8Array | Float32Array;
  readonly format: ImageFormat;
  readonly columns: number;
  /** By class number: in which colour (red, green, blue, 0..255) it is marked; null: not at all. */
  readonly colours?: readonly (readonly [number, number, number] | null)[];
};

/** What marks a class in a picture, by its number, again and again: Okabe and Ito's, told apart by people of any colour vision. */
export const CLASS_COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
] as const;

/** The static shape of a batch: one recorded step serves all batches of one Shape. */
export type Shape = ImageFormat & { readonly n: number; readonly classes: number };

/** Where an example's label came from: `Batch.origin` holds these numbers. */
export const ORIGIN = { unlabelled: 0, labelled: 1, added: 2 } as const;

/** In a mask: a pixel of which nobody says what it is. No loss and no metric sees it. */
export const IGNORED = 255;

/** Boxes of a batch or of rows, as [y0, x0, y1, x1] in pixels. Capacity is fixed; weight 0 marks padding. */
export interface Boxes<At, Labels, Weights> {
  /** [n, capacity, 4] */ readonly at: At;
  /** [n, capacity, classes]; −1: an object of the class that is not to be judged (difficult), −2: a crowd of them */ readonly labels: Labels;
  /** [n, capacity] */ readonly weights: Weights;
}

/** Examples on the host, row after row. */
export interface Rows {
  /** [rows, h, w, c] */ readonly images: Uint8Array | Float32Array;
  /** [rows, classes], 0..1: one-hot, soft or several. A row of NaN has no label. */ readonly labels: Float32Array;
  /** [rows] */ readonly weights: Float32Array;
  /** [rows], values of ORIGIN */ readonly origin: Float32Array;
  readonly boxes?: Boxes<Float32Array, Float32Array, Float32Array>;
  /** [rows, h, w], class numbers, or IGNORED */ readonly masks?: Int32Array;
  /** Further columns, each [rows, width]. */ readonly also?: Readonly<Record<string, Float32Array>>;
}

/** How files became pixels: whoever predicts must do the same. */
export type Resize = { readonly fit: "cover" | "contain" | "stretch"; readonly interpolation: string };

export type Skipped = { readonly file: string; readonly why: string };

/**
 * What a reader gives: random access to decoded examples. Implement this; `source()` adds the rest.
 * `read` must be safe to call again while an earlier call is pending, and must not keep more than it needs in memory.
 */
export interface Samples {
  readonly name: string;
  readonly length: number;
  readonly format: ImageFormat;
  readonly classes: readonly string[];
  readonly resize?: Resize;
  /** What a person should know of how they were read: sizes chosen, odd files. */ readonly notes?: readonly string[];
  /** Files that could not be read, each recorded once. */
  readonly skipped: readonly Skipped[];
  /** [length, classes]; NaN rows have no label; undefined where nothing has one. */
  labels(): Float32Array | undefined;
  /** What a person calls row `row`: usually a path. */
  id(row: number): string;
  /** Row `row` as it is read, as a data address of a small PNG or JPEG: what reports show. */
  picture?(row: number): Promise<string>;
  read(rows: ArrayLike<number>): Promise<Pick<Rows, "images" | "boxes" | "masks" | "also">>;
  /** Frees caches and closes files. */
  dispose(): void;
}

/** Examples that can be selected, relabelled, weighted and joined; every method returns a new view and copies no image. */
export interface Source {
  readonly name: string;
  readonly length: number;
  readonly format: ImageFormat;
  readonly classes: readonly string[];
  readonly resize?: Resize;
  readonly notes?: readonly string[];
  readonly skipped: readonly Skipped[];
  /** [length], relative chance of each row to be drawn; undefined: each row once an epoch. */
  readonly chance: Float32Array | undefined;
  labels(): Float32Array | undefined;
  id(row: number): string;
  picture?(row: number): Promise<string>;
  read(rows: ArrayLike<number>): Promise<Rows>;
  subset(rows: ArrayLike<number>): Source;
  /** `soft` is [length, classes]; `weights` is [length]. Rows become `ORIGIN.added`. */
  relabel(soft: Float32Array, weights?: Float32Array): Source;
  weighted(chance: Float32Array): Source;
  concat(other: Source): Source;
  dispose(): void;
}

/** Further examples in a training: `of: "set"`, `ratio` times the set's size more; `of: "batch"`, `ratio` times the labelled share of each batch. */
export type Extra = { readonly source: Source; readonly ratio: number; readonly of: "set" | "batch" };

/** A batch on the device. Hooks return a new Batch and dispose of nothing: the step's tidy does. */
export interface Batch {
  readonly shape: Shape;
  /** [n, h, w, c], float32, in `shape.range` */ readonly images: Tensor4D;
  /** [n, classes], float32, 0..1: soft or multi-hot; zeros where there is no label */ readonly labels: Tensor2D;
  /** [n], the weight of each example's loss */ readonly weights: Tensor1D;
  /** [n], values of ORIGIN */ readonly origin: Tensor1D;
  readonly boxes?: Boxes<Tensor3D, Tensor3D, Tensor2D>;
  /** [n, h, w], class numbers, or IGNORED */ readonly masks?: Tensor3D;
  /** [n, 8], the pending projective map from output to input pixels (x, y), as in TensorFlow's ImageProjectiveTransform; applied once */
  readonly warp: Tensor2D;
  /** What comes in from outside the image: its mirror image unless told, or where there are boxes grey. */
  readonly outside?: "mirror" | "grey" | "black";
  /** [n, c, c + 1], the pending linear colour map, offsets last and in units of `shape.range`; applied once */
  readonly colour: Tensor3D;
  /** Further columns of the source, each [n, …] */ readonly also: NamedTensorMap;
}
