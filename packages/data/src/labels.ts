import { nearest, RegimenError } from "@regimen/core";

/** The number that stands for "no label" wherever classes are numbers. */
export const NO_LABEL = -1;

const collator = new Intl.Collator("en", { numeric: true });
/** Natural order: "img2" before "img10"; ties ("1" and "01") by code unit. */
export function natural(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Names as they are compared everywhere: trimmed and in Unicode's composed form, which macOS does not write. */
export const normalName = (name: string): string => name.normalize("NFC").trim();

/** A list for an error message: never more than a dozen. */
export function listed(names: readonly string[]): string {
  const quoted = names.slice(0, 12).map((name) => `"${name}"`);
  return names.length > 12 ? `${quoted.join(", ")} and ${names.length - 12} more` : quoted.join(", ");
}

function unknownClass(where: string, value: string, allowed: readonly string[]): RegimenError {
  const near = nearest(value, allowed);
  const hint = near === undefined ? "name one of them, or leave it out" : `did you mean "${near}"?`;
  return new RegimenError(
    "REG_DATA_LABEL",
    `${where} has the label "${value}"; allowed are ${listed(allowed)}: ${hint}`,
  );
}

/** Classes that data without names may have: a label beyond is no class, but a damaged file. */
const MOST_CLASSES = 2 ** 15;

export function outOfRange(where: string, value: number, classes: number): RegimenError {
  return new RegimenError(
    "REG_DATA_LABEL",
    `${where} has the label ${value}; allowed are whole numbers from 0 to ${classes - 1}: correct it, or name all classes`,
  );
}

/** `distinct`: how many classes have an example. Only a set that defines the classes itself must have two. */
function requireTwoClasses(name: string, distinct: number, only: string): void {
  if (distinct !== 1) return;
  throw new RegimenError(
    "REG_DATA_ONE_CLASS",
    `every labelled image of ${name} is of class "${only}"; a classifier needs two classes or more: add another, or pass labels: false for images without labels`,
  );
}

/**
 * Labels that are names (class folders, a CSV's column) as numbers. `names[row]` undefined: no label.
 * Classes are `allowed`, or all names in natural order.
 */
export function numberNames(
  source: string,
  names: readonly (string | undefined)[],
  where: (row: number) => string,
  allowed?: readonly string[],
): { readonly classes: readonly string[]; readonly labels: Int32Array } {
  const normal = names.map((name) => (name === undefined ? undefined : normalName(name)));
  const found = [...new Set(normal.filter((name) => name !== undefined))].sort(natural);
  if (!allowed) requireTwoClasses(source, found.length, found[0] ?? "");
  const classes = allowed ? allowed.map(normalName) : found;
  const number = new Map(classes.map((name, i) => [name, i]));
  const labels = Int32Array.from(normal, (name, row) => {
    if (name === undefined) return NO_LABEL;
    const label = number.get(name);
    if (label === undefined) throw unknownClass(where(row), name, classes);
    return label;
  });
  return { classes, labels };
}

/** Between the labels of an image that has several; alone it says that an image has none of the classes. */
export const SEVERAL = "|";

/**
 * Names of which an image may have any number, as 0 and 1 by class. `names[row]` undefined: no label; empty: none of the
 * classes. Classes are `allowed`, or all names in natural order.
 */
export function numberSeveral(
  names: readonly (readonly string[] | undefined)[],
  where: (row: number) => string,
  allowed?: readonly string[],
): { readonly classes: readonly string[]; readonly shares: readonly (readonly number[] | undefined)[] } {
  const normal = names.map((own) => own?.map(normalName));
  const classes = allowed?.map(normalName) ?? [...new Set(normal.flatMap((own) => own ?? []))].sort(natural);
  const shares = normal.map((own, row) => {
    const stray = own?.find((name) => !classes.includes(name));
    if (stray !== undefined) throw unknownClass(where(row), stray, classes);
    return own && classes.map((name) => Number(own.includes(name)));
  });
  return { classes, shares };
}

/**
 * Labels that are numbers (IDX, CIFAR-10, tensors), -1 for none. `own`: the source's names of those numbers, or how many there are, where
 * it says so; without names number i is class i of `allowed`, or is called "i".
 */
export function numberNumbers(
  source: string,
  labels: Int32Array,
  where: (row: number) => string,
  own: readonly string[] | number | undefined,
  allowed?: readonly string[],
): { readonly classes: readonly string[]; readonly labels: Int32Array } {
  const distinct = new Set(labels);
  distinct.delete(NO_LABEL);
  const highest = labels.reduce((top, label) => Math.max(top, label), NO_LABEL);
  const names = typeof own === "object" ? own.map(normalName) : undefined;
  const told = names?.length ?? allowed?.length ?? (typeof own === "number" ? own : undefined);
  if (told === undefined && highest >= MOST_CLASSES)
    throw outOfRange(where(labels.indexOf(highest)), highest, MOST_CLASSES);
  const count = told ?? highest + 1;
  const classes = allowed?.map(normalName) ?? names ?? Array.from({ length: count }, (_, i) => String(i));
  const moved = allowed && names ? names.map((name) => classes.indexOf(name)) : undefined;
  const numbered = labels.map((label, row) => {
    if (label === NO_LABEL) return NO_LABEL;
    if (label < 0 || label >= count) throw outOfRange(where(row), label, count);
    const to = moved ? moved[label]! : label;
    if (to < 0) throw unknownClass(where(row), names![label]!, classes);
    return to;
  });
  if (!allowed) requireTwoClasses(source, distinct.size, classes[highest] ?? "");
  return { classes, labels: numbered };
}

/** [n, classes] of 0 and 1; rows without a label are NaN. Undefined where no row has one. */
export function oneHot(labels: Int32Array, classes: number): Float32Array | undefined {
  if (labels.every((label) => label === NO_LABEL)) return undefined;
  const out = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => {
    if (label === NO_LABEL) out.fill(Number.NaN, row * classes, (row + 1) * classes);
    else out[row * classes + label] = 1;
  });
  return out;
}
