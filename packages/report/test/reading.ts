// Reads a page back: its tables cell by cell, its sentences number by number.
import { parse, type DefaultTreeAdapterTypes } from "parse5";
import { expect } from "vitest";

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;
const children = (node: Node): Node[] => ("childNodes" in node ? node.childNodes : []);
const elements = (node: Node): Element[] => [...("tagName" in node ? [node] : []), ...children(node).flatMap(elements)];
const attribute = (e: Element, name: string) => e.attrs.find((a) => a.name === name)?.value ?? "";
const OUTSIDE = ["script", "style", "svg", "code", "pre"];
const textOf = (node: Node, without: readonly string[] = []): string =>
  "value" in node
    ? node.value
    : "tagName" in node && without.includes(node.tagName)
      ? " "
      : children(node)
          .map((child) => textOf(child, without))
          .join(" ");

/** A figure as it is printed: its value, and how far rounding may have moved it. */
type Figure = { readonly value: number; readonly within: number; readonly text: string };
const lowered = (sign: string): string => "-0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign)]!;
export function figures(text: string): Figure[] {
  const plain = text
    .replace(/[\u202f\u00a0]/g, " ")
    .replace(/\u2212/g, "-")
    .replace(/10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, raised: string) => `10^${[...raised].map(lowered).join("")}`);
  return [...plain.matchAll(/(?<![\w.])([+-]?)(\d[\d,]*(?:\.\d+)?)(?:·10\^(-?\d+))?( %)?/g)].map(
    ([all, sign, digits, power, percent]) => {
      const after = /\.(\d+)/.exec(digits!)?.[1]?.length ?? 0;
      const scale = (percent ? 0.01 : 1) * 10 ** Number(power ?? 0);
      const size = Number(digits!.replaceAll(",", ""));
      return { value: (sign === "-" ? -1 : 1) * size * scale, within: 0.5001 * 10 ** -after * scale, text: all };
    },
  );
}
export const figure = (text: string): Figure => figures(text)[0]!;
export const holds = (shown: Figure, value: number) => Math.abs(shown.value - value) <= shown.within + 1e-12;

/** A cell and what report.json has for it; null stands as a dash. */
export function expectCell(cell: string, value: number | string | boolean | null, where: string) {
  if (value === null) return expect(cell, where).toBe("–");
  if (typeof value !== "number") return expect(cell.replace(/\s+/g, " ").trim(), where).toBe(String(value));
  expect(holds(figure(cell), value), `${where}: "${cell}" for ${value}`).toBe(true);
}

export function tables(page: string): Map<string, string[][]> {
  const all = elements(parse(page)).filter((e) => e.tagName === "table");
  return new Map(
    all.map((table) => {
      const rows = elements(table).filter((e) => e.tagName === "tr");
      const caption = elements(table).find((e) => e.tagName === "caption")!;
      const cells = rows.map((row) =>
        elements(row)
          .filter((e) => ["th", "td"].includes(e.tagName))
          .map((e) => textOf(e).trim()),
      );
      return [textOf(caption), cells.slice(1)];
    }),
  );
}

/** Numbers that belong to the words, not to the run: thresholds, examples and units that the captions explain. */
const WORDS =
  /95 % interval|From 88 to 92 % right|From 12 to 8 % wrong|80 % sure|8 times in 10|fewer than 10|over 90 %|counts 1\b|about 1 in 20|0\.5 is every second|0\.1 on|start at 0|\d+ times in [\d,]+|>99 %|\bloss of 0\b/g;

/** Numbers of the page's sentences that are not in the pool. */
export function strangers(page: string, pool: readonly number[]): string[] {
  const strange = new Set<string>();
  for (const e of elements(parse(page))) {
    const kind = attribute(e, "class");
    if (!["h1", "h2", "p", "figcaption", "dd", "li", "summary"].includes(e.tagName)) continue;
    // Numbers of sections and names of files are no figures.
    if (["kicker", "line", "file", "columns"].includes(kind)) continue;
    const text = textOf(e, [...OUTSIDE, "table"])
      .replace(/[\u202f\u00a0]/g, " ")
      .replace(/\s+/g, " ");
    if (/^\s*\d+ [A-Z]/.test(text) && e.tagName === "li") continue;
    for (const shown of figures(text.replace(WORDS, " ")))
      if (!pool.some((value) => holds(shown, value) || holds(shown, -value)))
        strange.add(`${shown.text} in “${text.slice(0, 160)}”`);
  }
  return [...strange];
}
