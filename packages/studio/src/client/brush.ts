// Hover and brushing on the report's policy chart, where its trace says that lines and axes stand.
import type { Frame, PolicyTrace } from "@regimen/report";

type Point = readonly [x: number, y: number];
type Line = { readonly trial: number; readonly at: readonly (number | null)[]; readonly points: readonly Point[] };
/** A stretch of each brushed axis, by the axis' label (the score's is ""), as shares of its length. */
export type Brushes = ReadonlyMap<string, readonly [from: number, to: number]>;
export type Hover = { readonly trial: number; readonly x: number; readonly y: number } | null;

/** Pixels of the picture: how near a pointer must be to a line, or to an axis that it brushes. */
const [NEAR, GRIP, BEYOND] = [9, 14, 12];
const SVG = "http://www.w3.org/2000/svg";

/** Trials that cross every brushed stretch; null where nothing is brushed. A trial without a value there is out. */
export function crossing({ axes, trials }: PolicyTrace, brushes: Brushes): ReadonlySet<number> | null {
  const stretches = [...axes, ""].flatMap((label, i) => {
    const brush = brushes.get(label);
    return brush ? [{ i, low: Math.min(...brush) - 0.005, high: Math.max(...brush) + 0.005 }] : [];
  });
  if (stretches.length === 0) return null;
  const inside = trials.filter(({ at }) =>
    stretches.every(({ i, low, high }) => {
      const share = at[i];
      return share !== null && share !== undefined && share >= low && share <= high;
    }),
  );
  return new Set(inside.map(({ index }) => index));
}

/** The chart at one of its widths. */
export class PolicyPicture {
  readonly svg: SVGSVGElement;
  readonly #frame: Frame;
  readonly #labels: readonly string[];
  readonly #lines: readonly Line[];
  readonly #chosen: number | null;
  readonly #kept: SVGGElement;
  readonly #pointed: SVGGElement;

  constructor(svg: SVGSVGElement, { axes, trials }: PolicyTrace, frame: Frame) {
    [this.svg, this.#frame, this.#labels] = [svg, frame, [...axes, ""]];
    this.#lines = trials.map(({ index, at, nudge }) => ({ trial: index, at, points: this.#points(at, nudge) }));
    this.#chosen = trials.find(({ chosen }) => chosen)?.index ?? null;
    [this.#kept, this.#pointed] = [this.#layer(), this.#layer()];
  }

  /** Where a pointer is, in the picture's own pixels. */
  at({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top, width } = this.svg.getBoundingClientRect();
    const scale = this.svg.viewBox.baseVal.width / width;
    return [(clientX - left) * scale, (clientY - top) * scale];
  }

  /** The axis at a point. */
  grip(p: Point): string | null {
    const { lying, at, ends } = this.#frame;
    const [across, along] = lying ? [p[1], p[0]] : p;
    if (along < Math.min(...ends) - BEYOND || along > Math.max(...ends) + BEYOND) return null;
    return this.#labels[at.findIndex((place) => Math.abs(place - across) < GRIP)] ?? null;
  }

  /** How far along the axes a point is: 0 at their low end. */
  share(p: Point): number {
    const { lying, ends } = this.#frame;
    return Math.min(1, Math.max(0, (p[lying ? 0 : 1] - ends[0]) / (ends[1] - ends[0])));
  }

  /** The trial whose line is nearest, if one is near; among those that the brushes leave. */
  nearest(p: Point, inside: ReadonlySet<number> | null): number | null {
    let [best, distance] = [null as number | null, NEAR];
    for (const { trial, points } of this.#lines) {
      if (inside && !inside.has(trial)) continue;
      for (let i = 1; i < points.length; i++) {
        const d = toSegment(p, points[i - 1]!, points[i]!);
        if (d < distance) [best, distance] = [trial, d];
      }
    }
    return best;
  }

  show(brushes: Brushes, inside: ReadonlySet<number> | null): void {
    const chosen = this.#chosen !== null && inside?.has(this.#chosen);
    if (inside === null) delete this.svg.dataset["brushed"];
    else this.svg.dataset["brushed"] = chosen ? "with" : "without";
    const { lying, at, ends } = this.#frame;
    const boxes = this.#labels.flatMap((label, i) => {
      const brush = brushes.get(label);
      if (!brush) return [];
      const [a, b] = brush.map((share) => ends[0] + share * (ends[1] - ends[0])) as [number, number];
      const [along, size] = [Math.min(a, b), Math.max(3, Math.abs(a - b))];
      const place = lying
        ? { x: along, y: at[i]! - 8, width: size, height: 16 }
        : { x: at[i]! - 8, y: along, width: 16, height: size };
      return [element("rect", { ...place, class: "brush" })];
    });
    // The chosen one comes last in the trace, and lies on top.
    const kept = this.#lines.filter(({ trial }) => inside?.has(trial));
    this.#kept.replaceChildren(
      ...boxes,
      ...kept.map((line) => drawn(line, line.trial === this.#chosen ? "best" : "kept")),
    );
  }

  point(trial: number | null): void {
    const line = this.#lines.find((one) => one.trial === trial);
    const how = trial === this.#chosen ? "pointed best" : "pointed";
    this.#pointed.replaceChildren(...(line ? [drawn(line, "halo"), drawn(line, how)] : []));
  }

  #points(shares: readonly (number | null)[], nudge: number): Point[] {
    const { lying, at, ends, spread } = this.#frame;
    return shares.flatMap((share, i): Point[] => {
      if (share === null) return [];
      const apart = i === at.length - 1 ? 0 : nudge * spread[share === 0 ? 0 : 1];
      const along = ends[0] + share * (ends[1] - ends[0]) + apart;
      return [lying ? [along, at[i]!] : [at[i]!, along]];
    });
  }

  #layer(): SVGGElement {
    const layer = document.createElementNS(SVG, "g");
    layer.setAttribute("class", "layer");
    return this.svg.appendChild(layer);
  }
}

const drawn = ({ trial, points }: Line, how: string): SVGElement =>
  element("polyline", { points: points.map((p) => p.join(",")).join(" "), class: how, "data-trial": trial });

function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

function toSegment([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay];
  const t = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(px - ax - t * dx, py - ay - t * dy);
}
