import { breathe, type Source } from "@regimen/contracts";
import { chunks } from "./split.ts";

/** Mean and standard deviation of each channel, in raw pixel units; a flat channel has deviation 1. */
export async function normalizationOf(train: Source): Promise<{ mean: number[]; std: number[] }> {
  const { c, range } = train.format;
  const [sum, squares] = [new Float64Array(c), new Float64Array(c)];
  let pixels = 0;
  for (const rows of chunks(train.length)) {
    await breathe();
    const { images } = await train.read(rows);
    // Shifted to the middle of the range: the difference of two large squares would lose digits.
    const middle = (range[0] + range[1]) / 2;
    for (let i = 0; i < images.length; i++) {
      const value = images[i]! - middle;
      sum[i % c]! += value;
      squares[i % c]! += value * value;
    }
    pixels += images.length / c;
  }
  const middle = (range[0] + range[1]) / 2;
  const mean = [...sum].map((total) => total / pixels);
  const std = [...squares].map((total, channel) => Math.sqrt(Math.max(0, total / pixels - mean[channel]! ** 2)));
  return { mean: mean.map((value) => value + middle), std: std.map((value) => (value > 1e-6 ? value : 1)) };
}
