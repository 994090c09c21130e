import * as tf from "@tensorflow/tfjs-core";
import type { Case } from "./case.ts";
import type { Gaps, Kind } from "./gaps.ts";
import { difference, gradientsOf, projected, slopesOf, valueOf, type Value } from "./measure.ts";

/** A backend whose word is taken, except where its gaps are. */
export type Reference = { readonly tfjs: string; readonly gaps: Gaps };
export type Verdict = { readonly is: "right" } | { readonly is: Kind; readonly says: string };

/** What central differences may be off by. */
const SLOPE_TOLERANCE = 5e-3;
/** A long step drowns float32's rounding; a shorter one misses a kink nearby. Either may show that a gradient is right. */
const STEPS = [2 ** -9, 2 ** -11, 2 ** -13];
const right: Verdict = { is: "right" };

/**
 * Compares an op's value and gradients on the backend `tfjs` with those of the references, where they are right, and its
 * gradients with central differences, which no implementation can be wrong in the same way as.
 */
export async function judge(
  one: Case,
  tfjs: string,
  references: readonly Reference[],
  tolerance: number,
): Promise<Verdict> {
  const before = tf.memory().numTensors;
  const value = await attempt(tfjs, () => valueOf(one));
  if (value instanceof Error) return { is: "missing", says: value.message };
  for (const reference of trusted(one, references)) {
    const says = unlike(value, await on(reference.tfjs, () => valueOf(one)), tolerance);
    if (says) return { is: "wrong", says: `its value is not ${reference.tfjs}'s: ${says}` };
  }
  if (one.gradient === "none") return tidy(before);
  const gradients = await attempt(tfjs, () => gradientsOf(one));
  if (gradients instanceof Error)
    return one.gradient === "refused" ? right : { is: "gradient missing", says: gradients.message };
  const verdict =
    one.gradient === "refused" ? right : await judgeGradients(one, tfjs, gradients, references, tolerance);
  if (one.gradient === undefined) return verdict.is === "right" ? tidy(before) : verdict;
  // What tfjs itself has wrong, it has wrong everywhere.
  if (verdict.is === "gradient wrong") return right;
  return { is: "gradient wrong", says: `tfjs' own gradient is no longer ${one.gradient}: change the case` };
}

/** Those whose values, at least, are right. */
export function trusted(one: Case, references: readonly Reference[]): readonly Reference[] {
  return references.filter(({ gaps }) => gaps[one.name]?.is.startsWith("gradient") ?? true);
}

async function judgeGradients(
  one: Case,
  tfjs: string,
  gradients: readonly ArrayLike<number>[],
  references: readonly Reference[],
  tolerance: number,
): Promise<Verdict> {
  for (const reference of references.filter(({ gaps }) => gaps[one.name] === undefined)) {
    const expected = await on(reference.tfjs, () => gradientsOf(one));
    for (const [which, gradient] of gradients.entries()) {
      const apart = difference(gradient, expected[which]!);
      if (!(apart < tolerance))
        return {
          is: "gradient wrong",
          says: `gradient ${which} is ${apart.toExponential(1)} from ${reference.tfjs}'s`,
        };
    }
  }
  // The forward op is right by now, so a backend that is quick to ask measures the slopes.
  const quick = trusted(one, references)[0]?.tfjs ?? tfjs;
  for (const [which, gradient] of gradients.entries()) {
    const says = await unlikeSlopes(one, which, gradient, quick);
    if (says) return { is: "gradient wrong", says };
  }
  return right;
}

async function unlikeSlopes(
  one: Case,
  which: number,
  gradient: ArrayLike<number>,
  tfjs: string,
): Promise<string | undefined> {
  let says: string | undefined;
  const found = projected(one, which, gradient);
  for (const step of STEPS) {
    const slopes = await on(tfjs, () => slopesOf(one, which, step));
    const worst = slopes.findIndex((slope, at) => !(off(found[at]!, slope) < SLOPE_TOLERANCE));
    if (worst < 0) return undefined;
    says ??= `gradient ${which} has the slope ${found[worst]}, by differences ${slopes[worst]}`;
  }
  return says;
}

const off = (slope: number, expected: number): number => Math.abs(slope - expected) / Math.max(1, Math.abs(expected));

function tidy(before: number): Verdict {
  const left = tf.memory().numTensors - before;
  return left === 0 ? right : { is: "wrong", says: `it leaves ${left} tensors behind` };
}

function unlike(got: Value, expected: Value, tolerance: number): string | undefined {
  if (got.dtype !== expected.dtype) return `${got.dtype} instead of ${expected.dtype}`;
  if (!tf.util.arraysEqual([...got.shape], [...expected.shape]))
    return `[${got.shape.join(", ")}] instead of [${expected.shape.join(", ")}]`;
  const apart = difference(got.values, expected.values);
  // Whole numbers are right or wrong.
  return apart < (got.dtype === "float32" ? tolerance : Number.MIN_VALUE)
    ? undefined
    : `${apart.toExponential(1)} apart`;
}

async function on<T>(tfjs: string, use: () => Promise<T>): Promise<T> {
  await tf.setBackend(tfjs);
  return use();
}

/** The answer, or the error instead of it. */
async function attempt<T>(tfjs: string, use: () => Promise<T>): Promise<T | Error> {
  try {
    return await on(tfjs, use);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
