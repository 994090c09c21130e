/** Counts `[classes][classes]`: rows are true classes, columns answers. */
export function confusion(labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): number[][] {
  if (labels.length !== predicted.length) {
    throw new RangeError(`got ${labels.length} labels and ${predicted.length} answers; expected as many of both`);
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i]!];
    const column = predicted[i]!;
    if (row?.[column] === undefined) {
      throw new RangeError(
        `got label ${labels[i]} and answer ${column} at ${i}; expected whole numbers from 0 to ${classes - 1}`,
      );
    }
    row[column]!++;
  }
  return counts;
}

/**
 * Of each class: `precision`, the share of its answers that are right; `recall`, the share of its images that are found;
 * `support`, its images. A share of nothing is null.
 *
 * @param counts rows are true classes, columns answers, as `confusion` returns them.
 */
export function precisionRecall(
  counts: readonly (readonly number[])[],
): { precision: number | null; recall: number | null; support: number }[] {
  return counts.map((row, c) => {
    const right = row[c]!;
    const support = row.reduce((sum, v) => sum + v, 0);
    const answered = counts.reduce((sum, other) => sum + other[c]!, 0);
    return { precision: answered ? right / answered : null, recall: support ? right / support : null, support };
  });
}
