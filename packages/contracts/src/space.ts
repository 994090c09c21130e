import type { Params } from "./json.ts";
import type { Rng } from "./random.ts";
import type { Axis, TechniqueMeta } from "./technique.ts";
import { RegimenError, nearest } from "./errors.ts";

type Value = number | string | boolean;

/** Every hyperparameter at its default. */
export const defaultsOf = (space: TechniqueMeta["space"]): Params =>
  Object.fromEntries(Object.entries(space).map(([key, axis]) => [key, axis.default]));

/** Checks and completes a technique's hyperparameters. Errors: REG_PARAM_UNKNOWN, REG_PARAM. */
export function completeParams(meta: Pick<TechniqueMeta, "name" | "space">, params: Params): Params {
  for (const key of Object.keys(params)) {
    if (Object.hasOwn(meta.space, key)) continue;
    const known = Object.keys(meta.space);
    const near = nearest(key, known);
    throw new RegimenError(
      "REG_PARAM_UNKNOWN",
      `${meta.name} has no hyperparameter "${key}"; ${near ? `the nearest is "${near}"` : `it has ${known.join(", ")}`}`,
    );
  }
  for (const [key, axis] of Object.entries(meta.space)) {
    const value = params[key];
    if (value !== undefined) checkValue(`${meta.name}: ${key}`, axis, value);
  }
  return { ...defaultsOf(meta.space), ...params };
}

const NUMBERS = { any: "number", log: "number", integer: "whole number", powers: "power of two" } as const;

/** Errors: REG_PARAM, which names key, value and range. */
export function checkValue(what: string, axis: Axis, value: Value): void {
  if (axis.off !== undefined && value === axis.off) return;
  if (axis.kind === "text") {
    if (typeof value === "string") return;
    throw new RegimenError("REG_PARAM", `${what} is ${JSON.stringify(value)}; expected text`);
  }
  if (axis.kind === "choice") {
    if (axis.of.includes(value as string | boolean)) return;
    throw new RegimenError("REG_PARAM", `${what} is ${JSON.stringify(value)}; expected one of ${axis.of.join(", ")}`);
  }
  const [lo, hi] = axis.range;
  const whole =
    axis.scale === "integer"
      ? Number.isInteger(value)
      : axis.scale !== "powers" || Number.isInteger(Math.log2(Number(value)));
  if (typeof value === "number" && value >= lo && value <= hi && whole) return;
  throw new RegimenError(
    "REG_PARAM",
    `${what} is ${JSON.stringify(value)}; expected a ${NUMBERS[axis.scale ?? "any"]} from ${lo} to ${hi}${axis.off === undefined ? "" : ` or ${axis.off} (off)`}`,
  );
}

/** Whether one of the axes that switch a technique off stands at its off value. */
export const isOff = (space: TechniqueMeta["space"], params: Params): boolean =>
  Object.entries(space).some(([key, axis]) => axis.off !== undefined && params[key] === axis.off);

/** Defaults, with every switch at its off value; undefined where a technique cannot be switched off. */
export function offParams(space: TechniqueMeta["space"]): Params | undefined {
  const off = Object.entries(space).flatMap(([key, axis]) =>
    axis.off === undefined ? [] : [[key, axis.off] as const],
  );
  return off.length ? { ...defaultsOf(space), ...Object.fromEntries(off) } : undefined;
}

/**
 * A value within the range (never `off` unless the range holds it): uniform, log-uniform, whole, or one of the choices. Text
 * stays at its default.
 */
export function sampleAxis(axis: Axis, rng: Rng): Value {
  if (axis.kind === "text") return axis.default;
  if (axis.kind === "choice") return axis.of[rng.int(axis.of.length)]!;
  const [lo, hi] = axis.range;
  if (axis.scale === "integer") return lo + rng.int(hi - lo + 1);
  if (axis.scale === "powers") return lo * 2 ** rng.int(Math.floor(Math.log2(hi / lo) + 1e-9) + 1);
  // Clamped, since the way through logarithms may round past an end.
  if (axis.scale === "log")
    return Math.min(hi, Math.max(lo, Math.exp(Math.log(lo) + rng.uniform() * Math.log(hi / lo))));
  return lo + rng.uniform() * (hi - lo);
}

/** "mixup (m)" for a technique's only axis of a kind; the axis' own name for the rest. */
export function axisLabel(use: string, key: string, axis: Axis): string {
  const short = shortName(use);
  return ["m", "rr", "r"].includes(axis.kind) ? `${short} (${axis.kind})` : `${short} ${key}`;
}

/** `@regimen/technique-augment/mirror` → "mirror"; `regimen-technique-foo` → "foo". */
export const shortName = (use: string): string =>
  use.slice(use.lastIndexOf("/") + 1).replace(/^(regimen-)?technique-/, "");
