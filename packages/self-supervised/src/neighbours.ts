import { labelled, type Features } from "./probe.ts";

/**
 * What features are worth to a vote of neighbours: each of `test`'s images takes the class that its `k` nearest of `train`
 * vote for, by cosine similarity s with the weight exp(s / temperature) (Wu et al. 2018, section 3.4). Nothing is trained.
 * On the host. Errors: REG_DATA_EMPTY. Returns the share of wrong answers; in a tie the lower class number wins.
 */
export function nearestNeighbours(
  train: Features,
  test: Features,
  classes: number,
  { k = 20, temperature = 0.07 }: { readonly k?: number; readonly temperature?: number } = {},
): { readonly error: number } {
  const [known, asked] = [labelled(train), labelled(test)];
  const { width } = known;
  const [bank, queries] = [normalized(known.values, width), normalized(asked.values, width)];
  const count = known.labels.length;
  const [similarity, votes] = [new Float32Array(count), new Float64Array(classes)];
  let wrong = 0;
  for (let row = 0; row < asked.labels.length; row++) {
    for (let other = 0; other < count; other++) {
      let sum = 0;
      for (let j = 0; j < width; j++) sum += queries[row * width + j]! * bank[other * width + j]!;
      similarity[other] = sum;
    }
    votes.fill(0);
    for (const other of largest(similarity, k))
      votes[known.labels[other]!]! += Math.exp(similarity[other]! / temperature);
    if (votes.indexOf(votes.reduce((a, b) => Math.max(a, b))) !== asked.labels[row]) wrong++;
  }
  return { error: wrong / asked.labels.length };
}

/** Rows of length 1; a row of zeros stays one. */
function normalized(values: Float32Array, width: number): Float32Array {
  const out = values.slice();
  for (let at = 0; at < out.length; at += width) {
    const row = out.subarray(at, at + width);
    const norm = Math.hypot(...row);
    if (norm > 0) for (let j = 0; j < width; j++) row[j]! /= norm;
  }
  return out;
}

/** Where the `k` largest stand; among equals, the first. */
function largest(values: Float32Array, k: number): number[] {
  const best: number[] = [];
  for (let at = 0; at < values.length; at++) {
    if (best.length === k && values[at]! <= values[best[k - 1]!]!) continue;
    let place = best.length;
    while (place > 0 && values[best[place - 1]!]! < values[at]!) place--;
    best.splice(place, 0, at);
    if (best.length > k) best.pop();
  }
  return best;
}
