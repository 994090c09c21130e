// The page's drawing alphabet, as ECharts graphic elements. A mark means the same thing in every chart.
import { LIGHT, type Colour } from "./palette.ts";
import { clean } from "./html.ts";

export type Point = readonly [number, number];
type Style = { readonly [key: string]: string | number | readonly number[] };
export type Mark = {
  readonly type: "text" | "rect" | "circle" | "polyline" | "polygon";
  readonly x?: number;
  readonly y?: number;
  readonly rotation?: number;
  readonly shape?: { readonly [key: string]: number | readonly Point[] };
  readonly style: Style;
};

type Stroke = { readonly width?: number; readonly dash?: readonly number[]; readonly opacity?: number };
type Fill = {
  readonly stroke?: Colour;
  readonly width?: number;
  readonly dash?: readonly number[];
  readonly opacity?: number;
  readonly radius?: number;
};
export type TextStyle = {
  readonly colour?: Colour;
  readonly size?: 11 | 12 | 14;
  readonly bold?: boolean;
  readonly align?: "left" | "center" | "right";
  /** Paper around the letters, where they lie on lines. */ readonly halo?: boolean;
  /** Pixels; what does not fit ends in "…". */ readonly room?: number;
  /** Counter-clockwise, in radians. */ readonly turn?: number;
};

/** Widths of letters in a plain sans serif, as shares of its size; a little wide, so that what fits here fits there. */
const LETTERS: readonly (readonly [RegExp, number])[] = [
  [/[\u2e80-\uffef]/, 1],
  [/[ilj.,:;'|!\u202f\u00a0 ]/, 0.29],
  [/[tfrI()[\]"/-]/, 0.37],
  [/[csvxyzkJ]/, 0.51],
  [/[mwMW%]/, 0.88],
  [/[A-Z&+<>=~]/, 0.7],
];
/** About how wide a text is drawn, in pixels. */
export const textWidth = (text: string, size = 12, bold = false): number =>
  [...text].reduce((sum, c) => sum + (LETTERS.find(([letters]) => letters.test(c))?.[1] ?? 0.57), 0) *
  size *
  (bold ? 1.06 : 1);

/** `text` cut so that it fits into `room` pixels. */
export function fit(text: string, room: number, size = 12, bold = false): string {
  const letters = [...clean(text).replace(/\s+/g, " ")];
  if (textWidth(letters.join(""), size, bold) <= room) return letters.join("");
  while (letters.length > 1 && textWidth(`${letters.join("")}…`, size, bold) > room) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/** A line of text; `y` is the middle of its letters. */
export function text(x: number, y: number, words: string, how: TextStyle = {}): Mark {
  const { colour = "ink", size = 12, bold = false, align = "left", halo = false, room, turn } = how;
  return {
    type: "text",
    x,
    y,
    ...(turn === undefined ? {} : { rotation: turn }),
    style: {
      text: room === undefined ? clean(words) : fit(words, room, size, bold),
      font: `${bold ? "bold " : ""}${size}px sans-serif`,
      fill: LIGHT[colour],
      align,
      verticalAlign: "middle",
      ...(halo ? { stroke: LIGHT.paper, lineWidth: 4 } : {}),
    },
  };
}

export const line = (points: readonly Point[], colour: Colour, how: Stroke = {}): Mark => ({
  type: "polyline",
  shape: { points },
  style: {
    fill: "none",
    stroke: LIGHT[colour],
    lineWidth: how.width ?? 1,
    lineJoin: "round",
    ...(how.dash ? { lineDash: how.dash } : {}),
    ...(how.opacity === undefined ? {} : { opacity: how.opacity }),
  },
});

/** A straight line between two points. */
export const segment = (x0: number, y0: number, x1: number, y1: number, colour: Colour, how: Stroke = {}): Mark =>
  line(
    [
      [x0, y0],
      [x1, y1],
    ],
    colour,
    how,
  );

const filled = (colour: Colour | "none", how: Fill): Style => ({
  fill: colour === "none" ? "none" : LIGHT[colour],
  ...(how.stroke ? { stroke: LIGHT[how.stroke], lineWidth: how.width ?? 1.5 } : {}),
  ...(how.dash ? { lineDash: how.dash } : {}),
  ...(how.opacity === undefined ? {} : { opacity: how.opacity }),
});

/** A box between two corners, in any order. */
export const box = (x0: number, y0: number, x1: number, y1: number, colour: Colour | "none", how: Fill = {}): Mark => ({
  type: "rect",
  shape: {
    x: Math.min(x0, x1),
    y: Math.min(y0, y1),
    width: Math.abs(x1 - x0),
    height: Math.abs(y1 - y0),
    r: how.radius ?? 0,
  },
  style: filled(colour, how),
});

export const disc = (x: number, y: number, r: number, colour: Colour, how: Fill = {}): Mark => ({
  type: "circle",
  shape: { cx: x, cy: y, r },
  style: filled(colour, how),
});

/** The baseline: a hollow grey circle. */
export const baselineMark = (x: number, y: number): Mark => disc(x, y, 5, "paper", { stroke: "base", width: 2 });
/** Regimen: a filled green dot. */
export const regimenMark = (x: number, y: number): Mark => disc(x, y, 6, "good", { stroke: "paper" });
/** Off: a small hollow dot. */
export const offMark = (x: number, y: number): Mark => disc(x, y, 3, "paper", { stroke: "good" });
/** A diamond: red where something got worse. */
export const diamond = (x: number, y: number, colour: Colour, r = 7): Mark => ({
  type: "polygon",
  shape: {
    points: [
      [x, y - r],
      [x + r, y],
      [x, y + r],
      [x - r, y],
    ],
  },
  style: { fill: LIGHT[colour], stroke: LIGHT.paper, lineWidth: 1 },
});
/** Failed: a red cross. */
export const cross = (x: number, y: number, r = 4, colour: Colour = "bad"): Mark[] => [
  segment(x - r, y - r, x + r, y + r, colour, { width: 2 }),
  segment(x + r, y - r, x - r, y + r, colour, { width: 2 }),
];
/** A 95 % interval: a thin line with ends, on a paper casing so that it is seen on bars too. */
export const interval = (x0: number, x1: number, y: number, half = 4): Mark[] =>
  (["paper", "ink"] as const).flatMap((colour) => {
    const how = colour === "paper" ? { width: 4, opacity: 0.85 } : { width: 1.3 };
    return [
      segment(x0, y, x1, y, colour, how),
      segment(x0, y - half, x0, y + half, colour, how),
      segment(x1, y - half, x1, y + half, colour, how),
    ];
  });
/** A bracket below or above a stretch, open on one side. */
export const bracket = (x0: number, x1: number, y: number, colour: Colour, height = 4): Mark =>
  line(
    [
      [x0, y - height],
      [x0, y],
      [x1, y],
      [x1, y - height],
    ],
    colour,
  );

/** Text over several lines of at most `room` pixels, `most` lines at most. */
export function wrap(words: string, room: number, most = 3, size = 12, bold = false): string[] {
  const lines: string[] = [];
  for (const word of clean(words).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && textWidth(`${last} ${word}`, size, bold) <= room)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const kept = lines.slice(0, most);
  if (lines.length > most) kept[most - 1] = `${kept[most - 1]!} ${lines.slice(most).join(" ")}`;
  return kept.map((l) => fit(l, room, size, bold));
}

/** The stretches of a line that lie below a level (whose `y` is smaller), cut where they cross it. */
export function below(points: readonly Point[], top: number): Point[][] {
  const stretches: Point[][] = [];
  let open: Point[] | null = null;
  for (const [i, p] of points.entries()) {
    const before = points[i - 1];
    const inside = p[1] >= top;
    if (before && before[1] >= top !== inside) {
      const share = (top - before[1]) / (p[1] - before[1]);
      const crossing: Point = [before[0] + share * (p[0] - before[0]), top];
      if (inside) stretches.push((open = [crossing]));
      else open?.push(crossing);
    }
    if (!inside) open = null;
    else if (open) open.push(p);
    else stretches.push((open = [p]));
  }
  return stretches;
}
