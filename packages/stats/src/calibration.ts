/** One band of confidence. `confidence` and `accuracy` are means over its images, and 0 where it has none. */
export type Bin = {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly confidence: number;
  readonly accuracy: number;
};

/**
 * Bands of equal width of the confidence in the given answer (the largest probability), each open below and closed above.
 * Source: Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", section 2.
 *
 * @param probabilities `[n, classes]`, row by row, each row a distribution.
 * @param labels `[n]` class indices, 0 … classes − 1.
 * @returns all `bins` bands, the empty ones too.
 */
export function calibrationBins(
  probabilities: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  bins = 15,
): Bin[] {
  const n = labels.length;
  if (n === 0) throw new RangeError("calibration of 0 images is not defined; pass at least one");
  if (probabilities.length !== n * classes) {
    throw new RangeError(
      `got ${probabilities.length} probabilities for ${n} labels and ${classes} classes; expected ${n * classes}`,
    );
  }
  const images = new Array<number>(bins).fill(0);
  const confidence = new Array<number>(bins).fill(0);
  const right = new Array<number>(bins).fill(0);
  for (let i = 0; i < n; i++) {
    let top = 0;
    for (let c = 1; c < classes; c++) if (probabilities[i * classes + c]! > probabilities[i * classes + top]!) top = c;
    const p = probabilities[i * classes + top]!;
    // A probability of float32 may stand a hair above 1.
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(p * bins) - 1));
    images[bin]!++;
    confidence[bin]! += p;
    if (top === labels[i]) right[bin]!++;
  }
  return images.map((count, b) => ({
    from: b / bins,
    to: (b + 1) / bins,
    images: count,
    confidence: count ? confidence[b]! / count : 0,
    accuracy: count ? right[b]! / count : 0,
  }));
}

/**
 * Expected calibration error, 0..1: the distance between confidence and accuracy, averaged over images.
 * Arguments and source as in `calibrationBins`.
 */
export function ece(probabilities: Float32Array, labels: ArrayLike<number>, classes: number, bins = 15): number {
  return eceOf(calibrationBins(probabilities, labels, classes, bins));
}

/** The same from bands that were counted already. */
export function eceOf(bins: readonly Bin[]): number {
  let images = 0;
  let sum = 0;
  for (const bin of bins) {
    images += bin.images;
    sum += bin.images * Math.abs(bin.accuracy - bin.confidence);
  }
  return sum / images;
}
