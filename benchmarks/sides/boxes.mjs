import { applyBatch, composePolicy, createRng, drawFor } from "@regimen/core";
import { batchFrom, createStep, rowTensors, StageState } from "@regimen/steps";
import * as tf from "@tensorflow/tfjs-core";
import { encode } from "fast-png";

/** Each image so many times larger, so that thin lines can be seen. */
const ZOOM = 3;
const COLUMNS = 6;
const TRUTH = [60, 220, 90];
const ANSWER = [255, 70, 60];

/** A sheet of grey or colour images [h, w, c], 0..255, with boxes on them. `of`: [{ pixels, boxes: [{ at, colour }] }] */
function sheet(of, { h, w, c }) {
  const rows = Math.ceil(of.length / COLUMNS);
  const [width, height] = [COLUMNS * (w * ZOOM + 4), rows * (h * ZOOM + 4)];
  const out = new Uint8Array(width * height * 3);
  of.forEach(({ pixels, boxes }, i) => {
    const [top, left] = [Math.floor(i / COLUMNS) * (h * ZOOM + 4), (i % COLUMNS) * (w * ZOOM + 4)];
    const put = (y, x, colour) => {
      if (y >= 0 && y < h * ZOOM && x >= 0 && x < w * ZOOM) out.set(colour, ((top + y) * width + left + x) * 3);
    };
    for (let y = 0; y < h * ZOOM; y++)
      for (let x = 0; x < w * ZOOM; x++) {
        const at = (Math.floor(y / ZOOM) * w + Math.floor(x / ZOOM)) * c;
        put(y, x, c === 1 ? [pixels[at], pixels[at], pixels[at]] : [...pixels.subarray(at, at + 3)]);
      }
    for (const { at, colour } of boxes) {
      const [y0, x0, y1, x1] = at.map((side) => Math.round(side * ZOOM));
      for (let x = x0; x < x1; x++) for (const y of [y0, y1 - 1]) put(y, x, colour);
      for (let y = y0; y < y1; y++) for (const x of [x0, x1 - 1]) put(y, x, colour);
    }
  });
  return encode({ width, height, channels: 3, data: out });
}

/** The boxes of row `row` of `n`, whose weight is above 0. */
function boxesOf({ at, weights }, row, n) {
  const capacity = weights.length / n;
  return Array.from({ length: capacity }, (_, i) => row * capacity + i)
    .filter((slot) => weights[slot] > 0)
    .map((slot) => ({ at: [...at.subarray(4 * slot, 4 * slot + 4)], colour: TRUTH }));
}

/** What a policy makes of the first images, with what it makes of their boxes. */
export async function drawAugmented(policy, techniques, source, count) {
  const rows = await source.read(Array.from({ length: count }, (_, i) => Math.floor((i * source.length) / count)));
  const shape = { ...source.format, n: count, classes: source.classes.length };
  const { members } = composePolicy(policy, techniques, { task: "detection", facts: [] });
  const rng = createRng(3);
  const state = new StageState();
  const made = tf.tidy(() => {
    const draws = drawFor(members, rng, shape);
    const step = createStep({ index: 0, progress: 0, rates: { default: 0 }, seed: rng.seed(), draws }, state);
    const { images, boxes } = applyBatch(members, batchFrom(rowTensors(rows, shape), shape), step);
    return [images, boxes.at, boxes.weights].map((tensor) => tensor.dataSync());
  });
  state.dispose();
  const [images, at, weights] = made;
  const size = shape.h * shape.w * shape.c;
  return sheet(
    Array.from({ length: count }, (_, row) => ({
      pixels: images.subarray(row * size, (row + 1) * size),
      boxes: boxesOf({ at, weights }, row, count),
    })),
    shape,
  );
}

/** Truth in green, answers that count in red. */
export async function drawAnswers({ predictions, classes }, source, count) {
  const at = Array.from({ length: count }, (_, i) => Math.floor((i * source.length) / count));
  const rows = await source.read(at);
  const size = source.format.h * source.format.w * source.format.c;
  return sheet(
    at.map((row, i) => ({
      pixels: rows.images.subarray(i * size, (i + 1) * size),
      boxes: [
        ...boxesOf(rows.boxes, i, count),
        ...predictions[row].boxes
          .filter((one) => one.score >= classes[one.class].threshold)
          .map((one) => ({ at: one.at, colour: ANSWER })),
      ],
    })),
    source.format,
  );
}
