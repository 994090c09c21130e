import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import { source, type Run, type Source } from "@regimen/core";
import { batchSize, fromNetwork, normals, type Generator } from "./adversarial.ts";
import { LATENT, byName, generate } from "./networks.ts";

/**
 * `count` images, the chosen classes in turns, in memory: bytes where the data has a range of bytes. They are made in batches
 * like those of the training, since those of a batch share the statistics of the generator's normalisation; making counts.
 *
 * @param chosen numbers of the generator's classes among all of the data's
 */
export async function generatedBy(
  run: Run,
  { weights, layout }: Generator,
  chosen: readonly number[],
  count: number,
): Promise<Source> {
  const { format, classes } = run.data.train;
  const size = format.h * format.w * format.c;
  const bytes = format.range[0] === 0 && format.range[1] === 255;
  const pixels = bytes ? new Uint8ClampedArray(count * size) : new Float32Array(count * size);
  const batch = batchSize(run);
  const named = byName(weights.map((weight) => ({ ...weight, name: weight.name.replace(/^averaged\//, "") })));
  const rng = run.rng.fork("latent");
  const making = run.repeat(
    ({ latent, labels }) => ({
      images: fromNetwork(generate(named, latent as Tensor2D, labels as Tensor2D, layout), format),
    }),
    { inferred: batch },
  );
  try {
    for (let at = 0; at < count; at += batch) {
      const inputs = {
        latent: tf.tensor2d(normals(rng.fork(at), batch * LATENT), [batch, LATENT]),
        labels: tf.tensor2d(oneHot(batch, chosen.length, at), [batch, chosen.length]),
      };
      const { images } = making.run(inputs);
      const made = await images!.data();
      pixels.set(made.subarray(0, Math.min(made.length, pixels.length - at * size)), at * size);
      tf.dispose([inputs, images!]);
    }
    making.sync();
  } finally {
    making.dispose();
  }
  const labels = new Float32Array(count * classes.length);
  for (let row = 0; row < count; row++) labels[row * classes.length + chosen[row % chosen.length]!] = 1;
  const images = bytes ? new Uint8Array(pixels.buffer) : (pixels as Float32Array);
  return source({
    name: "generated",
    length: count,
    format,
    classes,
    skipped: [],
    labels: () => labels,
    id: (row) => `generated/${row}`,
    read: (rows) => {
      const picked = bytes ? new Uint8Array(rows.length * size) : new Float32Array(rows.length * size);
      for (let i = 0; i < rows.length; i++)
        picked.set(images.subarray(rows[i]! * size, (rows[i]! + 1) * size), i * size);
      return Promise.resolve({ images: picked });
    },
    dispose: () => undefined,
  });
}

/** Rows of the classes in turns, the first one at `from`. */
function oneHot(rows: number, classes: number, from: number): Float32Array {
  const values = new Float32Array(rows * classes);
  for (let row = 0; row < rows; row++) values[row * classes + ((from + row) % classes)] = 1;
  return values;
}
