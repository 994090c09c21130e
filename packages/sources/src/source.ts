import { IGNORED, ORIGIN, RegimenError, briefly, type Rows, type Samples, type Source } from "@regimen/contracts";

type Column = Float32Array | Uint8Array | Int32Array;
type Plain = Omit<Source, "subset" | "relabel" | "weighted" | "concat">;

/** Gives a reader's samples the ways in which techniques select, relabel, weigh and join them. Errors: REG_CONFIG_INVALID for what is none. */
export function source(samples: Samples | Source): Source {
  if (typeof samples !== "object" || samples === null || !("read" in samples))
    throw new RegimenError(
      "REG_CONFIG_INVALID",
      `got ${briefly(samples)} where images are expected; open them, as in: await imageFolder(PATH)`,
    );
  if ("subset" in samples) return samples;
  const k = samples.classes.length;
  const known = samples.labels();
  return view({
    name: samples.name,
    length: samples.length,
    format: samples.format,
    classes: samples.classes,
    ...(samples.resize && { resize: samples.resize }),
    ...(samples.notes && { notes: samples.notes }),
    skipped: samples.skipped,
    chance: undefined,
    labels: () => known,
    id: (row) => samples.id(row),
    ...(samples.picture && { picture: (row) => samples.picture!(row) }),
    dispose: () => samples.dispose(),
    read: async (rows) => {
      const labels = known ? pickRows(known, rows, k) : new Float32Array(rows.length * k).fill(Number.NaN);
      const origin = Float32Array.from(rows, (_, i) =>
        Number.isNaN(labels[i * k]) ? ORIGIN.unlabelled : ORIGIN.labelled,
      );
      return { ...(await samples.read(rows)), labels, weights: new Float32Array(rows.length).fill(1), origin };
    },
  });
}

function view(of: Plain): Source {
  const k = of.classes.length;
  return {
    ...of,
    subset: (chosen) => {
      const at = Int32Array.from(chosen);
      return view({
        ...of,
        length: at.length,
        chance: of.chance && pickRows(of.chance, at, 1),
        labels: () => {
          const labels = of.labels();
          return labels && pickRows(labels, at, k);
        },
        id: (row) => of.id(at[row]!),
        ...(of.picture && { picture: (row) => of.picture!(at[row]!) }),
        read: (rows) => of.read(pickRows(at, rows, 1)),
      });
    },
    relabel: (soft, weights = new Float32Array(of.length).fill(1)) => {
      if (soft.length !== of.length * k || weights.length !== of.length)
        throw new RegimenError(
          "REG_DATA_MISMATCH",
          `got ${soft.length} label values and ${weights.length} weights for ${of.length} examples of ${k} classes; expected ${of.length * k} and ${of.length}`,
        );
      return view({
        ...of,
        labels: () => soft,
        read: async (rows) => ({
          ...(await of.read(rows)),
          labels: pickRows(soft, rows, k),
          weights: pickRows(weights, rows, 1),
          origin: new Float32Array(rows.length).fill(ORIGIN.added),
        }),
      });
    },
    weighted: (chance) => {
      if (chance.length !== of.length || !chance.some((value) => value > 0))
        throw new RegimenError(
          "REG_DATA_MISMATCH",
          `got ${chance.length} chances for ${of.length} examples; expected one each, not all of them 0`,
        );
      return view({ ...of, chance });
    },
    concat: (other) => joined(of, other),
  };
}

/** The same examples without what anybody says of them: no labels, masks that are ignored throughout, no boxes that count. */
export const unlabelled = (of: Source): Source =>
  view({
    ...of,
    labels: () => undefined,
    read: async (rows) => {
      const { masks, boxes, ...read } = await of.read(rows);
      return {
        ...read,
        labels: new Float32Array(read.labels.length).fill(Number.NaN),
        origin: new Float32Array(rows.length).fill(ORIGIN.unlabelled),
        ...(masks && { masks: new Int32Array(masks.length).fill(IGNORED) }),
        ...(boxes && { boxes: { ...boxes, weights: new Float32Array(boxes.weights.length) } }),
      };
    },
  });

/** The same examples, labels and origins; the weights of their loss times `factors` [length]. Errors: REG_DATA_MISMATCH. */
export function reweighted(of: Source, factors: Float32Array): Source {
  if (factors.length !== of.length)
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `got ${factors.length} factors for ${of.length} examples; expected one each`,
    );
  return view({
    ...of,
    read: async (rows) => {
      const read = await of.read(rows);
      return { ...read, weights: read.weights.map((weight, at) => weight * factors[rows[at]!]!) };
    },
  });
}

/**
 * The same examples with these masks, [length, h, w], class numbers or IGNORED: labels that somebody added, whatever they had.
 * Each one's label is its classes' shares of the known pixels. Errors: REG_DATA_MISMATCH.
 */
export function remasked(of: Source, masks: Uint8Array): Source {
  const { h, w } = of.format;
  const k = of.classes.length;
  if (masks.length !== of.length * h * w)
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `got ${masks.length} mask pixels for ${of.length} examples; expected ${h}×${w} each`,
    );
  const shares = new Float32Array(of.length * k);
  for (let row = 0; row < of.length; row++) {
    const known = masks.subarray(row * h * w, (row + 1) * h * w).filter((pixel) => pixel !== IGNORED);
    known.forEach((pixel) => (shares[row * k + pixel]! += 1 / known.length));
  }
  return view({
    ...of,
    read: async (rows) => ({ ...(await of.read(rows)), masks: Int32Array.from(pickRows(masks, rows, h * w)) }),
  }).relabel(shares);
}

function joined(a: Plain, b: Plain): Source {
  expectSame(a, b);
  const each = (of: Plain): Float32Array => of.chance ?? new Float32Array(of.length).fill(1);
  const length = a.length + b.length;
  return view({
    ...a,
    length,
    skipped: [...a.skipped, ...b.skipped],
    chance: a.chance || b.chance ? Float32Array.from([...each(a), ...each(b)]) : undefined,
    labels: () => {
      const [first, second] = [a.labels(), b.labels()];
      if (!first && !second) return undefined;
      const all = new Float32Array(length * a.classes.length).fill(Number.NaN);
      if (first) all.set(first);
      if (second) all.set(second, a.length * a.classes.length);
      return all;
    },
    id: (row) => (row < a.length ? a.id(row) : b.id(row - a.length)),
    ...(a.picture &&
      b.picture && { picture: (row) => (row < a.length ? a.picture!(row) : b.picture!(row - a.length)) }),
    read: async (rows) => {
      const all = Array.from(rows);
      const [first, second] = [all.filter((row) => row < a.length), all.filter((row) => row >= a.length)];
      if (!second.length) return a.read(first);
      const parts = [...(first.length ? [a.read(first)] : []), b.read(second.map((row) => row - a.length))];
      let [atFirst, atSecond] = [0, first.length];
      const order = all.map((row) => (row < a.length ? atFirst++ : atSecond++));
      return mapColumns([joinRows(await Promise.all(parts))], ([column]) =>
        pickRows(column!, order, column!.length / all.length),
      );
    },
    dispose: () => {
      a.dispose();
      b.dispose();
    },
  });
}

/** Errors: REG_DATA_MISMATCH where two sources cannot stand in one batch. */
export function expectSame(a: Plain, b: Plain): void {
  const told = ({ format: { h, w, c, range }, classes }: Plain): string =>
    `${h}×${w}×${c} pixels in ${range[0]}..${range[1]} and ${classes.length} classes`;
  if (told(a) !== told(b))
    throw new RegimenError(
      "REG_DATA_MISMATCH",
      `"${b.name}" has ${told(b)}, "${a.name}" has ${told(a)}; read them with one size and one list of classes`,
    );
}

/** A copy of `from`'s rows, each `width` wide. */
export function pickRows<T extends Column>(from: T, rows: ArrayLike<number>, width: number): T {
  const picked = new (from.constructor as new (length: number) => T)(rows.length * width);
  for (let i = 0; i < rows.length; i++) picked.set(from.subarray(rows[i]! * width, (rows[i]! + 1) * width), i * width);
  return picked;
}

/**
 * One after the other; columns that only some parts have are left out, but for masks: whoever has none has one that is ignored
 * throughout. Errors: REG_DATA_MISMATCH where two are not of one width.
 */
export const joinRows = (parts: readonly Rows[]): Rows =>
  mapColumns(withMasks(parts), (columns) => {
    if (columns.length === 1) return columns[0]!;
    const widths = new Set(columns.map((column, at) => column.length / parts[at]!.weights.length));
    if (widths.size > 1)
      throw new RegimenError(
        "REG_DATA_MISMATCH",
        `got columns of ${[...widths].join(" and ")} values a row in one batch; give all sources the same number of boxes and columns of one width`,
      );
    const like = columns.find((column) => column instanceof Float32Array) ?? columns[0]!;
    const all = new (like.constructor as new (length: number) => Column)(columns.reduce((sum, c) => sum + c.length, 0));
    columns.reduce((at, column) => (all.set(column, at), at + column.length), 0);
    return all;
  });

function withMasks(parts: readonly Rows[]): readonly Rows[] {
  const like = parts.find(({ masks }) => masks);
  const pixels = like ? like.masks!.length / like.weights.length : 0;
  return like
    ? parts.map((part) =>
        part.masks ? part : { ...part, masks: new Int32Array(part.weights.length * pixels).fill(IGNORED) },
      )
    : parts;
}

/** Every column that all parts have, through `map`. */
function mapColumns(parts: readonly Rows[], map: (columns: readonly Column[]) => Column): Rows {
  const column = <T extends Column>(get: (rows: Rows) => T | undefined): T | undefined => {
    const found = parts.map(get);
    return found.every((values) => values !== undefined) ? (map(found as T[]) as T) : undefined;
  };
  const masks = column((rows) => rows.masks);
  const at = column((rows) => rows.boxes?.at);
  const also = Object.keys(parts[0]!.also ?? {}).flatMap((name) => {
    const values = column((rows) => rows.also?.[name]);
    return values ? [[name, values] as const] : [];
  });
  return {
    images: column<Uint8Array | Float32Array>((rows) => rows.images)!,
    labels: column((rows) => rows.labels)!,
    weights: column((rows) => rows.weights)!,
    origin: column((rows) => rows.origin)!,
    ...(at && {
      boxes: { at, labels: column((rows) => rows.boxes?.labels)!, weights: column((rows) => rows.boxes?.weights)! },
    }),
    ...(masks && { masks }),
    ...(also.length && { also: Object.fromEntries(also) }),
  };
}
