import { completeParams, isOff, type Axis, type Params, type Technique } from "@regimen/core";

/** A technique's defaults; where a default is "off", the middle of what it can be. */
export function activeParams(technique: Technique): Params {
  const usual = completeParams(technique, {});
  const axes = Object.entries<Axis>(technique.space);
  return isOff(technique.space, usual) ? { ...usual, ...switchedOn(axes) } : usual;
}

/** A middle value for each switch. */
const switchedOn = (axes: readonly (readonly [string, Axis])[]): Params =>
  Object.fromEntries(
    axes.flatMap(([key, axis]): (readonly [string, Params[string]])[] => {
      if (axis.off === undefined || axis.default !== axis.off) return [];
      if (axis.kind === "choice") return [[key, axis.of.find((value) => value !== axis.off) ?? axis.default]];
      if (axis.kind === "text") return [];
      const [lo, hi] = axis.range;
      const middle = axis.scale === "log" ? Math.sqrt(lo * hi) : (lo + hi) / 2;
      return [[key, axis.scale === "integer" ? Math.ceil(middle) : middle]];
    }),
  );

/** Each axis at each of its ends, the others as usual; then all at their ends; each once. */
export function corners(axes: readonly (readonly [string, Axis])[], usual: Params): readonly Params[] {
  const ends = (axis: Axis): Params[string][] =>
    axis.kind === "text" ? [axis.default] : axis.kind === "choice" ? [...axis.of] : [...axis.range];
  const one = axes.flatMap(([key, axis]) => ends(axis).map((value) => ({ ...usual, [key]: value })));
  const all = [0, -1].map((end) => Object.fromEntries(axes.map(([key, axis]) => [key, ends(axis).at(end)!])));
  const seen = new Set([JSON.stringify(usual)]);
  return [...one, ...all].filter((params) => {
    const key = JSON.stringify(params);
    return !seen.has(key) && Boolean(seen.add(key));
  });
}
