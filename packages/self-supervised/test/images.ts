import { createRng, source, type Samples, type Source } from "@regimen/core";

export const [SIDE, CHANNELS] = [8, 3];

/** Noise, row after row of it lighter: something to tell images apart by. `classes`: labels go round them; none: unlabelled. */
export function noise(length: number, classes: readonly string[] = [], labelled = true): Source {
  const rng = createRng(`images ${length}`);
  const width = SIDE * SIDE * CHANNELS;
  const pixels = Float32Array.from({ length: length * width }, (_, at) => {
    const base = 40 + (150 * Math.floor(at / width)) / length;
    return base + 50 * rng.uniform();
  });
  const k = classes.length;
  const labels = Float32Array.from({ length: length * k }, (_, at) => (Math.floor(at / k) % k === at % k ? 1 : 0));
  const samples: Samples = {
    name: "noise",
    length,
    format: { h: SIDE, w: SIDE, c: CHANNELS, range: [0, 255] },
    classes,
    skipped: [],
    labels: () => (labelled && k ? labels : undefined),
    id: String,
    read: async (rows) => {
      const images = new Float32Array(rows.length * width);
      Array.from(rows).forEach((row, at) => images.set(pixels.subarray(row * width, (row + 1) * width), at * width));
      return { images };
    },
    dispose: () => undefined,
  };
  return source(samples);
}
