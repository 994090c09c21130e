/** Text that is HTML already. Everything else is escaped where `html` takes it in. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

// Controls, halves of pairs and code points that are no characters are not allowed in HTML or XML at all, whatever they are escaped as.
const FORBIDDEN = /(?![\t\n\r])[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;

/** A text without what neither HTML nor XML may hold. */
export const clean = (text: string): string => text.replace(FORBIDDEN, "\ufffd");

export const escape = (text: string): string => clean(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function put(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  return Array.isArray(part) ? part.map(put).join("") : escape(String(part));
}

/** A template whose insertions are escaped, unless they are `Html`; null and false are left out. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(texts.reduce((all, text, i) => all + put(parts[i - 1]) + text));

/** Only for what this package made itself: styles and charts. */
export const trusted = (text: string): Html => new Html(text);
