import type { Curve, Report } from "@regimen/core";
import { BOTH, type Chart, type Panel } from "../draw.ts";
import type { Searched } from "../facts.ts";
import { below, line, segment, text, type Mark, type Point } from "../marks.ts";
import type { Colour } from "../palette.ts";
import { count, many } from "../words.ts";

type Role = Curve["role"];
/** More trials than this are drawn thin and pale. */
const MANY = 60;
export const ofRole = (report: Pick<Report, "curves">, role: Role): Curve[] =>
  report.curves.filter((c) => c.role === role && c.points.length > 0);
/** The last known validation loss of a curve. */
export const lastValidation = (curve: Curve): number | null =>
  curve.points.findLast((p) => p.validation !== null)?.validation ?? null;

/** Learning curves: training faint, validation bold; baseline, final training and trials side by side. null where there is none. `best`: as in `policyChart`. */
export function curvesChart(report: Pick<Report, "curves"> & Searched, best = "chosen"): Chart | null {
  const groups = (
    [
      ["baseline", "Baseline", "base"],
      ["final", "Regimen, final training", "good"],
      ["trial", "", "bad"],
    ] as const
  ).flatMap(([role, title, colour]) => {
    const curves = ofRole(report, role);
    const name =
      role === "trial" ? `${curves.length === 1 ? "The one trial" : `The ${many(curves.length, "trial")}`}` : title;
    return curves.length ? [{ role, colour, curves, title: name }] : [];
  });
  if (groups.length === 0) return null;
  const ends = groups
    .flatMap((g) => g.curves)
    .flatMap((c) => {
      const v = lastValidation(c);
      return v === null || c.role === "trial" ? [] : [`${c.role} ends at validation loss ${v.toFixed(3)}`];
    });
  return {
    name: "curves",
    label: `Learning curves: ${groups.map((g) => g.title.toLowerCase()).join(", ")}.${ends.length ? ` ${ends.join("; ")}.` : ""}`,
    widths: BOTH,
    plot: (width) => {
      const narrow = width < 400;
      const height = narrow ? 190 : 230;
      const step = narrow ? 0 : (width + 12) / groups.length;
      // Both full trainings share one scale; the short trials have their own.
      const long = groups.filter((g) => g.role !== "trial").flatMap((g) => g.curves);
      const panels = groups.map((g, i) =>
        panel(report, best, g, {
          left: 34 + i * step,
          top: 46 + (narrow ? i * (height + 96) : 0),
          width: narrow ? width - 48 : step - 58,
          height,
          most: top(g.role === "trial" ? g.curves : long),
          least: g.role === "trial" ? floor(g.curves) : 0,
        }),
      );
      return { height: Math.max(...panels.map((p) => p.top + p.height)) + 44, panels };
    },
  };
}

const losses = (curves: readonly Curve[]) =>
  curves
    .flatMap((c) => c.points.flatMap((p) => (p.validation === null ? [p.train] : [p.train, p.validation])))
    .filter(Number.isFinite);

/** Where a scale ends: above all but the first steep losses, which would flatten the rest. */
function top(curves: readonly Curve[]): number {
  const sorted = losses(curves).sort((a, b) => a - b);
  if (sorted.length === 0) return 1;
  return Math.max(
    sorted[Math.floor(0.9 * (sorted.length - 1))]! * 1.15,
    sorted[Math.floor(sorted.length / 2)]! * 1.6,
    1e-3,
  );
}
const floor = (curves: readonly Curve[]) => {
  const least = Math.min(...losses(curves), Infinity);
  return Number.isFinite(least) && least > 0.2 ? Math.floor(10 * least) / 10 : 0;
};

type Place = { left: number; top: number; width: number; height: number; most: number; least: number };

/** From this share of the images on, curves that begin together have an axis of their own. */
const LATE = 0.5;
function panel(
  report: Searched,
  best: string,
  g: { role: Role; title: string; colour: Colour; curves: Curve[] },
  at: Place,
): Panel {
  const furthest = Math.max(...g.curves.map((c) => c.points.at(-1)?.images ?? 0), 1);
  const earliest = Math.min(...g.curves.map((c) => c.points[0]?.images ?? 0), furthest);
  // Forks of one model begin late, all together: what is before them is nobody's.
  const begin = earliest > LATE * furthest ? earliest : 0;
  const thousands = furthest >= 10_000;
  const status = new Map(report.search.trials.map((t) => [t.name, t.status]));
  return {
    left: at.left,
    top: at.top,
    width: at.width,
    height: at.height,
    x: {
      from: begin,
      to: furthest,
      ticks: {
        label: (v) => count(thousands ? v / 1000 : v),
        open: true,
        name: thousands ? "thousand images seen" : "images seen",
        grid: false,
        about: 3,
      },
    },
    y: {
      from: at.least,
      to: Math.max(at.most, at.least + 1e-3),
      ticks: { about: 4, open: true },
    },
    draw: (x, y) => {
      const unit =
        at.least > 0
          ? `loss, own scale from ${at.least.toFixed(1)}`
          : g.role === "trial"
            ? "loss, own scale"
            : "loss, nats per image";
      const cut = losses(g.curves).some((loss) => loss > at.most);
      const sub = cut ? `${unit}, cut at ${at.most.toFixed(1)}` : unit;
      const marks: Mark[] = [
        text(at.left, at.top - 32, g.title, { size: 14, bold: true, room: at.width + 30 }),
        text(at.left, at.top - 15, sub, { colour: "ink2" }),
        segment(x(begin), y(at.least), x(furthest), y(at.least), "axis"),
      ];
      const chosen = (c: Curve) => g.role === "trial" && status.get(c.name) === "optimal";
      const drawn = [...g.curves].sort((a, b) => Number(chosen(a)) - Number(chosen(b)));
      for (const c of drawn) {
        const colour = chosen(c) ? "good" : g.colour;
        const dash =
          g.role === "trial" && ["stopped", "failed"].includes(status.get(c.name) ?? "") ? { dash: [4, 3] } : {};
        const path = (key: "train" | "validation") =>
          c.points.flatMap((p): Point[] => {
            const v = p[key];
            return v === null || !Number.isFinite(v) ? [] : [[x(p.images), y(v)]];
          });
        const trial = g.role === "trial" && !chosen(c);
        // Of very many, each is only a hint, and what they learnt from is left out.
        const crowd = trial && g.curves.length > MANY;
        const draw = (points: readonly Point[], width: number, opacity: number) => {
          // A single point draws no line.
          const [only] = points.length === 1 ? points : [];
          if (only && only[1] < at.top) return [];
          if (only) return [segment(only[0] - 3, only[1], only[0] + 3, only[1], colour, { width, opacity })];
          return below(points, at.top).map((stretch) => line(stretch, colour, { width, opacity, ...dash }));
        };
        if (!crowd) marks.push(...draw(path("train"), 1, trial ? 0.35 : 0.6));
        marks.push(...draw(path("validation"), crowd ? 1 : trial ? 1.8 : 2.8, crowd ? 0.2 : trial ? 0.65 : 1));
      }
      return [...marks, ...names(g.role, best, drawn, chosen, g.colour, x, y, at, furthest)];
    },
  };
}

/** Names at the ends of the lines: of the longest curve, or of the chosen trial. */
function names(
  role: Role,
  best: string,
  curves: readonly Curve[],
  chosen: (c: Curve) => boolean,
  colour: Colour,
  x: (v: number) => number,
  y: (v: number) => number,
  at: Place,
  furthest: number,
): Mark[] {
  const c = role === "trial" ? curves.find(chosen) : curves.at(-1);
  if (!c) return [];
  const train = c.points.findLast((p) => Number.isFinite(p.train))?.train ?? null;
  const v = lastValidation(c);
  const right = x(furthest);
  const [high, low] = [at.top + 8, at.top + at.height - 8];
  const inside = (q: number) => Math.min(low, Math.max(high, q));
  const [yt, yv] = [train === null ? null : y(train), v === null ? null : y(v)];
  const marks: Mark[] = [];
  // The two names stand on the outer sides of their lines, and never on each other.
  const under = yv !== null && yt !== null && yv > yt;
  const atValidation = yv === null ? null : inside(under ? yv + 14 : yv - 14);
  if (atValidation !== null && v !== null) {
    const word = role === "trial" ? `${best} ${v.toFixed(2)}` : `validation ${v.toFixed(2)}`;
    const tone = role !== "trial" && colour === "base" ? "ink" : "good";
    marks.push(text(right, atValidation, word, { bold: true, colour: tone, align: "right", halo: true }));
  }
  if (role !== "trial" && yt !== null && train !== null) {
    const wanted = inside(yv !== null && !under ? yt + 13 : yt - 13);
    const taken = atValidation !== null && Math.abs(wanted - atValidation) < 14;
    const place = taken ? inside(wanted > high + 20 ? atValidation - 15 : atValidation + 15) : wanted;
    marks.push(text(right, place, `training ${train.toFixed(2)}`, { colour: "ink2", align: "right", halo: true }));
  }
  return marks;
}
