import type { Tensor, Tensor4D } from "@tensorflow/tfjs-core";
import { RegimenError } from "@regimen/core";
import { collect, Collector, type CollectOptions, type Label, type Values } from "./collector.ts";
import type { OpenedSamples } from "./samples.ts";

const counts = (name: string, images: number, labels: number) =>
  new RegimenError("REG_DATA_MISMATCH", `${name} has ${images} images and ${labels} labels; expected as many of both`);

/** Splits the values of a label tensor into one label for each row: [n] and [n, 1] are class numbers (or names), [n, k] distributions. */
export function labelRows(
  shape: readonly number[],
  values: ArrayLike<number> | readonly string[],
  name: string,
): Label[] {
  const [n = 1, k = 1] = shape;
  if (shape.length > 2)
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `labels of ${name} have the shape [${shape.join(", ")}]; expected [n] class numbers or [n, classes]`,
    );
  const flat = Array.from(values as ArrayLike<number>);
  return k === 1 ? flat : Array.from({ length: n }, (_, row) => flat.slice(row * k, (row + 1) * k));
}

/**
 * Samples from tensors in memory. Values are copied; the caller keeps both tensors and may dispose of them once the promise is settled.
 * @param xs [n, h, w, c], int32 (0..255) or float32 (see `range`)
 * @param ys [n] or [n, 1] class numbers, or [n, classes] one-hot or soft in 0..1; NaN rows, or no `ys` at all: no label
 * Errors: REG_DATA_EMPTY, REG_DATA_MISMATCH, REG_DATA_UNREADABLE, REG_DATA_LABEL, REG_DATA_ONE_CLASS.
 */
export async function fromTensors(xs: Tensor4D, ys?: Tensor, options: CollectOptions = {}): Promise<OpenedSamples> {
  const name = options.name ?? "tensors";
  const [n, h, w, c] = xs.shape;
  if ((xs.shape as readonly number[]).length !== 4) {
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `xs of ${name} has the shape [${xs.shape.join(", ")}]; expected [n, h, w, c]`,
    );
  }
  // Both are asked for before the first wait: the caller may dispose of them then.
  const [values, labels] = await Promise.all([xs.data(), ys?.data()]);
  const rows = ys && labels ? labelRows(ys.shape, labels, name) : undefined;
  return fromArrays(values, rows, { ...options, name, h, w, c, n });
}

/**
 * Samples from flat arrays. Values are copied.
 * @param images [n * h * w * c], bytes or whole numbers 0..255, or floats (see `range`)
 * @param labels [n] class numbers, class names, or distributions [classes]; null or NaN: no label
 * Errors: REG_DATA_EMPTY, REG_DATA_MISMATCH, REG_DATA_UNREADABLE, REG_DATA_LABEL, REG_DATA_ONE_CLASS.
 */
export async function fromArrays(
  images: Values,
  labels: ArrayLike<Label> | undefined,
  options: CollectOptions & { readonly h: number; readonly w: number; readonly c: number; readonly n?: number },
): Promise<OpenedSamples> {
  const { h, w, c } = options;
  const name = options.name ?? "arrays";
  const size = h * w * c;
  const n = options.n ?? images.length / size;
  if (!Number.isInteger(n)) {
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `${name} has ${images.length} values; expected a multiple of ${size}, the values of one [${h}, ${w}, ${c}] image`,
    );
  }
  if (labels && labels.length !== n) throw counts(name, n, labels.length);
  const collector = new Collector(name, options);
  return collect(collector, async () => {
    for (let row = 0; row < n; row++)
      await collector.add(images.subarray(row * size, (row + 1) * size), h, w, c, labels?.[row]);
  });
}
