// Numbers as words. Every figure on the page and in the terminal is spelt here, so that they agree.

const THIN = "\u202f";
const NARROW = "\u00a0";
const MINUS = "\u2212";

/** 12,345 */
export const count = (n: number): string => Math.round(n).toLocaleString("en-GB");

/** "1 image", "2 images" */
export const many = (n: number, one: string, more = `${one}s`): string => `${count(n)}${NARROW}${n === 1 ? one : more}`;

/** Words from elsewhere, with what belongs together on one line: "1 − mean", "0 %". */
export const spaced = (text: string): string =>
  text.replace(/(\d) %/g, `$1${THIN}%`).replace(/ − /g, `${NARROW}${MINUS}${NARROW}`);

/** 0.1234 → "12.3 %" */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)}${THIN}%`;

/** Percent with as many digits as the images can tell apart: one of 10,000 is 0.01 %. */
export const percentOf = (share: number, images: number): string => percent(share, images >= 5000 ? 2 : 1);

/** A share as percentage points, without a sign for what is positive. */
export const points = (share: number): string => signless(100 * share, 1);

/** A number with a true minus sign. */
export const signless = (x: number, digits: number): string => {
  const text = Math.abs(x).toFixed(digits);
  return (x < 0 && Number(text) !== 0 ? MINUS : "") + text;
};

/** A number that always shows its sign, except where it rounds to 0. */
export const signed = (x: number, digits: number): string => {
  const text = Math.abs(x).toFixed(digits);
  if (Number(text) === 0) return text;
  return (x < 0 ? MINUS : "+") + text;
};

/** Writes the ticks of a scale that spans so much, in about so many steps, all with the same digits. */
export const tickLabels = (span: number, about = 5): ((v: number) => string) => {
  const digits = Math.max(0, Math.ceil(-Math.log10(Math.max(span, 1e-9) / about) - 1e-6));
  return (v) => signless(v, digits);
};

/** A loss, in nats. */
export const loss = (x: number | null): string => (x === null ? "–" : signless(x, 3));

/** A value of a setting: three significant digits at most, yes and no for switches. */
export const value = (v: number | string | boolean | null): string => {
  if (v === null) return "–";
  if (typeof v === "boolean") return v ? "yes" : "no";
  if (typeof v === "string") return v;
  if (!Number.isFinite(v)) return String(v).replace("-", MINUS);
  if (v !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e6)) return powerOfTen(v);
  return Number.isInteger(v) ? count(v).replace("-", MINUS) : String(Number(v.toPrecision(3))).replace("-", MINUS);
};

/** "21 November 2026, 14:15 UTC"; as it stands where it is no time. */
export function moment(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${day(iso)}, ${at.toISOString().slice(11, 16)} UTC`;
}
/** The date alone. */
export function day(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}

/** 1.2e-7 → "1.2·10⁻⁷" */
const powerOfTen = (v: number): string => {
  const [digits, power] = v.toExponential(1).split("e") as [string, string];
  return `${digits.replace("-", MINUS)}·10${[...power].map((sign) => RAISED[sign] ?? "").join("")}`;
};
const RAISED: Readonly<Record<string, string>> = {
  "-": "⁻",
  ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((sign, digit) => [String(digit), sign])),
};

/** 75 → "1 min 15 s"; from an hour on without seconds. */
export const duration = (seconds: number): string => {
  const s = Math.round(seconds);
  if (s < 1) return `<${THIN}1${NARROW}s`;
  const parts =
    s >= 3600
      ? [
          `${Math.floor(s / 3600)}${NARROW}h`,
          Math.round((s % 3600) / 60) ? `${Math.round((s % 3600) / 60)}${NARROW}min` : "",
        ]
      : [s >= 60 ? `${Math.floor(s / 60)}${NARROW}min` : "", s % 60 ? `${s % 60}${NARROW}s` : ""];
  return parts.filter(Boolean).join(NARROW);
};

/** The same for the first screen: minutes alone, from two minutes on. */
export const minutes = (seconds: number): string =>
  seconds >= 120 && seconds < 3600 ? `${Math.round(seconds / 60)} minutes` : duration(seconds);

const SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
export const inWords = (n: number): string => SMALL[n] ?? count(n);
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "a", "a and b", "a, b and c"; over `most`, the rest are counted. */
export function list(names: readonly string[], most = 6): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** "p = 0.03" */
export const pValue = (p: number): string =>
  p < 0.001 ? `p${NARROW}<${NARROW}0.001` : `p${NARROW}=${NARROW}${p.toFixed(p < 0.01 ? 3 : 2)}`;

/** How often chance alone does that, in words. */
export function howOften(p: number): string {
  const times = (n: number, of: string) => (n === 1 ? `once in ${of} times` : `${n} times in ${of}`);
  if (p < 0.0005) return "less than once in 1,000 times";
  if (p < 0.0095) return times(Math.round(p * 1000), "1,000");
  if (p < 0.095) return times(Math.round(p * 100), "100");
  if (p < 0.95) return times(Math.round(p * 10), "10");
  return "nearly always";
}

const FRACTIONS: Readonly<Record<number, string>> = {
  25: "a quarter",
  33: "a third",
  50: "half",
  67: "two thirds",
  75: "three quarters",
};
const fraction = (share: number, within: number) =>
  Object.entries(FRACTIONS).find(([k]) => Math.abs(100 * share - Number(k)) <= within)?.[1];

/** 0.34 → "a third"; where no fraction is near, "41 %". */
export const part = (share: number): string => fraction(share, 1.5) ?? percent(share, 0);

/** What a reduction of mistakes is called at the head of the page: "A third fewer". */
export function fewer(reduction: number): string {
  if (reduction > 0.9995) return "No";
  const name = fraction(reduction, 0.75);
  if (name === "half") return "Half the";
  if (name) return `${capital(name)} fewer`;
  return Math.round(100 * reduction) === 0 ? "Slightly fewer" : `${percent(reduction, 0)} fewer`;
}

/** The same of an error that is more than a count of mistakes: "A third less". */
export function less(reduction: number): string {
  return fewer(reduction).replace("fewer", "less");
}

/** How sure a model was; what rounds to all is not all. */
export const sureness = (probability: number): string =>
  probability >= 0.995 ? `>99${THIN}%` : percent(probability, 0);

/** "@regimen/technique-augment/mirror" → "mirror", "@regimen/technique-mixup" → "mixup". */
export const shortUse = (use: string): string =>
  (use.split("/").at(-1) ?? use).replace(/^(regimen-)?(technique|metalearner|scaffold|model)-/, "") || use;

/** The label of an axis without its kind: "mixup (m)" → "mixup", "learningRate" → "learning rate". */
export const bare = (label: string): string =>
  label
    .replace(/ \((m|rr|r)\)$/, "")
    .replace(/^[a-z]+[A-Z]\w*$/, (key) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
