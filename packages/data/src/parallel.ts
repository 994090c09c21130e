import { availableParallelism } from "node:os";

/** Runs `work` on every item, several at once, and waits for all. The first error wins, and nothing new is begun after it. */
export async function forEachParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  // Decoding runs in libuv's pool of four threads: a few more in line keep it busy while JavaScript resamples.
  const lanes = Math.max(4, availableParallelism()) + 2;
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
}
