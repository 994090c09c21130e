import type { Report } from "@regimen/core";
import { classRows, termsOf, type ClassRow } from "@regimen/report";
import { count, middle, type Paint } from "./style.ts";

/** Lines of a small table, and the widths of its columns: together below 80. */
const MOST = 10;
const [NAME, IMAGES, RATE] = [26, 8, 17];

/** Recall and precision of each class in per cent, weakest first; before and after where there is a baseline. */
export function classTable(report: Report, paint: Paint): string[] {
  const rows = classRows(report).filter(({ support }) => support > 0);
  if (rows.length === 0) return [];
  const more = rows.length - MOST;
  const shown = more > 1 ? rows.slice(0, MOST) : rows;
  return [
    paint("dim", line("class, weakest first", `${termsOf(report).unit}s`, "recall %", "precision %")),
    ...shown.map((row) =>
      line(
        middle(clean(row.name), NAME - 1),
        count(row.support),
        rate(row.baseline?.recall, row.recall, paint),
        rate(row.baseline?.precision, row.precision, paint),
      ),
    ),
    ...(more > 1 ? [paint("dim", `  and ${count(more)} more, in the report`)] : []),
  ];
}

const line = (name: string, images: string, ...rates: string[]): string =>
  `  ${name.padEnd(NAME)}${images.padStart(IMAGES)}${rates.map((each) => pad(each, RATE)).join("")}`;

/** "84.0 → 86.0", what changed in green or red. */
function rate(before: ClassRow["recall"] | undefined, after: ClassRow["recall"], paint: Paint): string {
  const shown = (share: number | null): string => (share === null ? "–" : (100 * share).toFixed(1)).padStart(5);
  if (before === undefined) return shown(after);
  const change = (after ?? 0) - (before ?? 0);
  const colour = before === null || after === null || Math.abs(change) < 5e-4 ? null : change > 0 ? "green" : "red";
  return `${shown(before)} → ${colour === null ? shown(after) : paint(colour, shown(after))}`;
}

/** On the right; colours take no room. */
const pad = (text: string, width: number): string => " ".repeat(Math.max(0, width - bare(text).length)) + text;
// eslint-disable-next-line no-control-regex
const bare = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, "");
/** Names come from folders: nothing in them may speak to the terminal. */
const clean = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
