import type { Plugin } from "@regimen/core";
import type { Io } from "../io.ts";

const [SIDE, CHANNELS, CLASSES, BATCH] = [32, 3, 10, 64];
/** Seconds that an epoch of the longer look may take, by what the first look has shown, and the images it has at most. */
const PATIENCE = 1;
const MOST = 1024;

/** What is trained, in words. */
export const SPEED_TEST = "training a ResNet-20 on 32×32×3 images from memory, 64 at a time";

/**
 * Images a second that a backend trains, in the loop that `regimen fit` runs: of two epochs the second, so that nothing counts
 * that is done once. Null where no installed plug-in brings the model or the task.
 */
export async function testSpeed(io: Io, plugins: readonly Plugin[], backend: string): Promise<number | null> {
  const regimen = await io.createRegimen({ plugins, backend });
  try {
    const { architectures, scaffolds } = regimen.registered;
    const model = { architecture: "resnet20" };
    if (scaffolds.length === 0 || !architectures.some(({ name }) => name === model.architecture)) return null;
    const { fromArrays } = await import("@regimen/data");
    const images = async (n: number) => {
      const pixels = Uint8Array.from({ length: n * SIDE * SIDE * CHANNELS }, (_, i) => Math.imul(i, 2654435761) >>> 24);
      const labels = Array.from({ length: n }, (_, i) => i % CLASSES);
      return fromArrays(pixels, labels, { h: SIDE, w: SIDE, c: CHANNELS });
    };
    const train = async (n: number): Promise<number> => {
      const data = { train: await images(n), validation: await images(CLASSES) };
      const training = { epochs: 2, batchSize: BATCH };
      const done = await regimen.fit({ model, data, training, policy: "none", seed: 1 });
      done.model.dispose();
      return done.imagesPerSecond;
    };
    const first = await train(BATCH);
    const more = Math.min(MOST, BATCH * Math.floor((first * PATIENCE) / BATCH));
    return more > BATCH ? await train(more) : first;
  } finally {
    await regimen.dispose();
  }
}
