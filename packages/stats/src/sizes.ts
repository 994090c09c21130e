/** Of the image's own side. */
const STEPS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, Number.POSITIVE_INFINITY];

/**
 * The share of objects that were found, by their size: the square root of their area beside that of the image, in octaves.
 * Unlike COCO's fixed areas of 32² and 96² pixels they tell objects apart in small images too; in pictures of 640 × 480 the
 * first and the third begin near COCO's. Steps without an object are left out.
 */
export function sizeSteps(
  { h, w }: { readonly h: number; readonly w: number },
  objects: readonly { readonly area: number; readonly found: boolean }[],
): { readonly name: string; readonly count: number; readonly values: readonly [number] }[] {
  const whole = Math.sqrt(h * w);
  const side = (share: number): string => String(Number((share * whole).toPrecision(2)));
  return STEPS.flatMap((to, at) => {
    const from = at === 0 ? 0 : STEPS[at - 1]!;
    const own = objects.filter(({ area }) => {
      const share = Math.sqrt(area) / whole;
      return share >= from && share < to;
    });
    if (own.length === 0) return [];
    const name =
      at === 0
        ? `under ${side(to)} px`
        : to === Number.POSITIVE_INFINITY
          ? `${side(from)} px and more`
          : `${side(from)} to ${side(to)} px`;
    return [{ name, count: own.length, values: [own.filter(({ found }) => found).length / own.length] as const }];
  });
}
