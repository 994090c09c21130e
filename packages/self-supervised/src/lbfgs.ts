/** A function's value at x, and its gradient, written into the array given. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

const [MEMORY, SUFFICIENT, TRIES] = [10, 1e-4, 30];

/**
 * The minimum of a convex function by L-BFGS (Nocedal 1980; Nocedal and Wright 2006, algorithms 7.4 and 3.1) with
 * backtracking, from x = 0. Ends after `iterations`, or when no entry of the gradient is larger than `tolerance`.
 */
export function minimize(
  of: Smooth,
  length: number,
  { iterations = 500, tolerance = 1e-6 }: { readonly iterations?: number; readonly tolerance?: number } = {},
): Float64Array {
  let [x, gradient] = [new Float64Array(length), new Float64Array(length)];
  let value = of(x, gradient);
  const history: { readonly moved: Float64Array; readonly turned: Float64Array; readonly along: number }[] = [];
  for (let at = 0; at < iterations && gradient.some((slope) => Math.abs(slope) > tolerance); at++) {
    const direction = descent(gradient, history);
    const slope = dot(direction, gradient);
    // Without curvature the length of a step is not known: a short one first.
    let step = history.length ? 1 : Math.min(1, 1 / Math.sqrt(-slope));
    let [next, nextGradient, nextValue] = [x, gradient, value];
    for (let tries = 0; tries < TRIES; tries++, step /= 2) {
      const to = x.map((coordinate, i) => coordinate + step * direction[i]!);
      const toGradient = new Float64Array(length);
      const toValue = of(to, toGradient);
      if (toValue > value + SUFFICIENT * step * slope) continue;
      [next, nextGradient, nextValue] = [to, toGradient, toValue];
      break;
    }
    if (next === x) break;
    const moved = next.map((coordinate, i) => coordinate - x[i]!);
    const turned = nextGradient.map((now, i) => now - gradient[i]!);
    const along = dot(moved, turned);
    if (along > 0) history.push({ moved, turned, along });
    if (history.length > MEMORY) history.shift();
    [x, gradient, value] = [next, nextGradient, nextValue];
  }
  return x;
}

/** −H · gradient, where H is what the last moves tell of the inverse Hessian. */
function descent(
  gradient: Float64Array,
  history: readonly { readonly moved: Float64Array; readonly turned: Float64Array; readonly along: number }[],
): Float64Array {
  const q = gradient.map((slope) => -slope);
  const shares = new Array<number>(history.length);
  for (let at = history.length - 1; at >= 0; at--) {
    const { moved, turned, along } = history[at]!;
    shares[at] = dot(moved, q) / along;
    for (let i = 0; i < q.length; i++) q[i]! -= shares[at]! * turned[i]!;
  }
  const last = history.at(-1);
  if (last) {
    const scale = last.along / dot(last.turned, last.turned);
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  history.forEach(({ moved, turned, along }, at) => {
    const share = shares[at]! - dot(turned, q) / along;
    for (let i = 0; i < q.length; i++) q[i]! += share * moved[i]!;
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
