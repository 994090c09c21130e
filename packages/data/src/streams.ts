import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import { RegimenError } from "@regimen/core";
import { collect, Collector, type CollectOptions, type Label, type Values } from "./collector.ts";
import { labelRows } from "./memory.ts";
import type { OpenedSamples } from "./samples.ts";

/** One example of a generator. A tensor is handed over: it is disposed of once copied. */
export type Example = {
  /** [h, w, c], int32 or float32; or the same as a flat array. */
  readonly image: Tensor3D | { readonly data: Values; readonly h: number; readonly w: number; readonly c: number };
  readonly label?: Label;
  /** What a person calls it. */ readonly id?: string;
};
export type StreamOptions = CollectOptions & {
  /** Stops after so many examples; needed where the stream never ends. */ readonly limit?: number;
  readonly onProgress?: (done: number, of: number) => void;
};
/** What `tf.data` gives, without depending on it: anything with `iterator()`, or an async iterable. */
export type DatasetLike =
  | { iterator(): Promise<{ next(): Promise<{ readonly value: unknown; readonly done?: boolean | undefined }> }> }
  | AsyncIterable<unknown>;

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "dispose" in value && "data" in value && "shape" in value;

const report = (options: StreamOptions, done: number) => options.onProgress?.(done, options.limit ?? done);

/**
 * Samples from a generator (or anything that can be iterated), read to its end once. All images have one shape and type.
 * Errors: REG_DATA_EMPTY, REG_DATA_MISMATCH, REG_DATA_UNREADABLE, REG_DATA_LABEL, REG_DATA_ONE_CLASS; what the generator throws.
 */
export async function fromGenerator(
  examples: AsyncIterable<Example> | Iterable<Example> | (() => AsyncIterable<Example> | Iterable<Example>),
  options: StreamOptions = {},
): Promise<OpenedSamples> {
  const collector = new Collector("generator", options);
  const { limit = Infinity } = options;
  return collect(collector, async () => {
    for await (const { image, label, id } of typeof examples === "function" ? examples() : examples) {
      if (isTensor(image)) {
        try {
          const [h, w, c] = image.shape;
          await collector.add(await image.data(), h, w, c ?? 0, label, id);
        } finally {
          image.dispose();
        }
      } else await collector.add(image.data, image.h, image.w, image.c, label, id);
      report(options, collector.length);
      if (collector.length >= limit) break;
    }
  });
}

async function* elementsOf(dataset: DatasetLike): AsyncGenerator<unknown> {
  if (Symbol.asyncIterator in dataset) {
    yield* dataset;
    return;
  }
  const iterator = await dataset.iterator();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
}

function elementParts(element: unknown, row: number): { readonly xs: Tensor; readonly ys: unknown } {
  const parts = Array.isArray(element)
    ? { xs: element[0] as unknown, ys: element[1] as unknown }
    : (element as { xs?: unknown; ys?: unknown } | null);
  if (isTensor(parts?.xs)) return { xs: parts.xs, ys: parts.ys };
  throw new RegimenError(
    "REG_DATA_MISMATCH",
    `element ${row} of the data set is not { xs, ys } with a tensor xs; expected what model.fitDataset takes`,
  );
}

async function labelsOf(ys: unknown, n: number, batched: boolean, name: string): Promise<readonly Label[]> {
  if (!isTensor(ys))
    return batched && ys != null ? Array.from(ys as ArrayLike<Label>) : Array<Label>(n).fill(ys as Label);
  const values = await ys.data();
  const rows = labelRows(batched ? ys.shape : [1, ys.size], values, name);
  if (rows.length === n) return rows;
  throw new RegimenError(
    "REG_DATA_MISMATCH",
    `a batch of ${name} has ${n} images and ${rows.length} labels; expected as many of both`,
  );
}

/**
 * Samples from a `tf.data.Dataset` or its like, read to its end once: elements { xs, ys } (or [xs, ys]), single ([h, w, c] with a class
 * number or [classes]) or batched ([n, h, w, c] with [n] or [n, classes]). Its tensors are disposed of once copied, as `fitDataset` does.
 * Errors: as for `fromGenerator`.
 */
export async function fromDataset(dataset: DatasetLike, options: StreamOptions = {}): Promise<OpenedSamples> {
  const name = options.name ?? "dataset";
  const collector = new Collector("dataset", options);
  const { limit = Infinity } = options;
  return collect(collector, async () => {
    for await (const element of elementsOf(dataset)) {
      const { xs, ys } = elementParts(element, collector.length);
      try {
        const batched = xs.rank === 4;
        const [n, h, w, c] = (batched ? xs.shape : [1, ...xs.shape]) as [number, number, number, number];
        const labels = await labelsOf(ys, n, batched, name);
        const values = (await xs.data()) as Values;
        for (let i = 0; i < n && collector.length < limit; i++) {
          const size = h * w * c;
          await collector.add(values.subarray(i * size, (i + 1) * size), h, w, c, labels[i]);
        }
      } finally {
        xs.dispose();
        if (isTensor(ys)) ys.dispose();
      }
      report(options, collector.length);
      if (collector.length >= limit) break;
    }
  });
}
