import { styleText } from "node:util";
import type { Io, Output } from "../io.ts";

/** The width that everything fits in. */
export const WIDTH = 80;

type Colour = "green" | "red" | "yellow" | "cyan" | "bold" | "dim";
export type Paint = (colour: Colour, text: string) => string;

/** Colours where a person looks on and did not say NO_COLOR (https://no-color.org). */
export function painter(out: Output, env: Io["env"]): Paint {
  const on = out.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  return (colour, text) => (on ? styleText(colour, text, { validateStream: false }) : text);
}

export const count = (n: number): string => Math.round(n).toLocaleString("en-US");

/** A share as per cent, with one decimal. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** 0:07, 12:34, 1:02:03. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
const two = (n: number): string => String(n).padStart(2, "0");

/** "about 40 s", "about 3 min", "about 1 h 20 min". */
export function about(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${minutes} min`;
  const rest = minutes % 60;
  return `about ${Math.floor(minutes / 60)} h${rest > 0 ? ` ${rest} min` : ""}`;
}

/** A bar of `width` cells, `share` of it full. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

/** A word of a command line, as a shell takes it again. */
export const typed = (word: string): string =>
  /^[\p{L}\p{N}_@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** At most `width` characters, the middle left out. */
export function middle(text: string, width: number): string {
  if (text.length <= width) return text;
  const head = Math.ceil((width - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (width - 1 - head))}`;
}

/** Wrapped at spaces; every line but the first is indented by `indent`. Spaces in front stay. */
export function wrap(text: string, width: number, indent = 0): string[] {
  const front = /^ */.exec(text)![0];
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.slice(front.length).split(" ")) {
    const taken = lines.length > 0 ? indent : front.length;
    if (line !== undefined && taken + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === undefined ? word : `${line} ${word}`;
  }
  return [...lines, line ?? ""].map((each, i) => (i === 0 ? front : " ".repeat(indent)) + each);
}

const LABEL = 12;

/** `  label      value`, the value wrapped below itself. */
export function row(paint: Paint, label: string, value: string): string {
  const [first, ...more] = wrap(value, WIDTH - 2 - LABEL);
  const pad = " ".repeat(2 + LABEL);
  return [`  ${paint("dim", label.padEnd(LABEL))}${first}`, ...more.map((line) => pad + line)].join("\n");
}
