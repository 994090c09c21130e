import type { Rng } from "@regimen/core";

/** Teacher's answers: `values` is [rows, classes], each row a distribution; `independent`: each class a probability of its own. */
export type Answers = { readonly values: Float32Array; readonly classes: number; readonly independent?: boolean };

const rowOf = ({ values, classes }: Answers, row: number): Float32Array =>
  values.subarray(row * classes, (row + 1) * classes);
/** The class that a row answers; in a tie the lower number. */
const classOf = (answers: Answers, row: number): number => {
  const own = rowOf(answers, row);
  return own.indexOf(Math.max(...own));
};
/** How sure the answer is; of independent labels that of which the teacher is least sure. */
const confidenceOf = (answers: Answers, row: number): number =>
  answers.independent
    ? Math.min(...rowOf(answers, row).map((p) => Math.max(p, 1 - p)))
    : Math.max(...rowOf(answers, row));

/** The rows whose confidence (the largest probability) is at least `threshold`, in order (Xie 2020, section 3.1: 0.3). */
export function filterConfident(answers: Answers, threshold: number): number[] {
  const all = Array.from({ length: answers.values.length / answers.classes }, (_, row) => row);
  return all.filter((row) => confidenceOf(answers, row) >= threshold);
}

/**
 * As many of `rows` for each class that the teacher answers at all (Xie 2020, section 3.1): of a frequent class the most
 * confident; of a rare class all, as many times as fit, and then some at random. The number is the mean count of those
 * classes, rounded. Row numbers repeat.
 */
export function balanceClasses(answers: Answers, rows: readonly number[], rng: Rng): number[] {
  const byClass: number[][] = Array.from({ length: answers.classes }, () => []);
  for (const row of rows) byClass[classOf(answers, row)]!.push(row);
  const wanted = Math.round(rows.length / byClass.filter((members) => members.length).length);
  return byClass.flatMap((members, at) => {
    if (members.length >= wanted)
      return members.toSorted((a, b) => confidenceOf(answers, b) - confidenceOf(answers, a)).slice(0, wanted);
    if (!members.length) return [];
    const copies = Array.from({ length: Math.floor(wanted / members.length) }, () => members);
    const more = rng
      .fork(at)
      .permutation(members.length)
      .subarray(0, wanted % members.length);
    return [...copies.flat(), ...Array.from(more, (place) => members[place]!)];
  });
}

/** One-hot rows: hard pseudo-labels. Of independent labels a yes from ½ on. */
export function harden({ values, classes, independent }: Answers): Float32Array {
  if (independent) return values.map((p) => Number(p >= 0.5));
  const hard = new Float32Array(values.length);
  for (let row = 0; row < values.length / classes; row++) hard[row * classes + classOf({ values, classes }, row)] = 1;
  return hard;
}
