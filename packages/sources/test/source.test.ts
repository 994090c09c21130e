import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IGNORED, ORIGIN, type Rows, type Source } from "@regimen/contracts";
import { classesOf, remasked, reweighted, source, unlabelled } from "@regimen/sources";
import { rowsThatTell } from "./support/samples.ts";

const labelled = (length = 6): Source =>
  source(rowsThatTell(length, { labels: Array.from({ length }, (_, i) => i % 2) }));
const blank = (length = 3): Source => source(rowsThatTell(length, { name: "blank", pixels: [100, 101, 102] }));
/** Which rows these are, by their pixels. */
const told = ({ images }: Rows): number[] => Array.from(images).filter((_, i) => i % 2 === 0);
const all = (of: Source): number[] => Array.from({ length: of.length }, (_, row) => row);

describe("a source", () => {
  it("adds labels, weights and origin to what a reader reads", async () => {
    const rows = await source(rowsThatTell(3, { labels: [1, -1, 0] })).read([2, 1, 0, 0]);
    expect(told(rows)).toEqual([2, 1, 0, 0]);
    expect([...rows.labels]).toEqual([1, 0, Number.NaN, Number.NaN, 0, 1, 0, 1]);
    expect([...rows.weights]).toEqual([1, 1, 1, 1]);
    expect([...rows.origin]).toEqual([ORIGIN.labelled, ORIGIN.unlabelled, ORIGIN.labelled, ORIGIN.labelled]);
  });

  it("keeps the weights that it is given, whatever is selected, weighed again and joined", async () => {
    const of = reweighted(reweighted(labelled(3), Float32Array.of(1, 2, 3)), Float32Array.of(2, 2, 0.5));
    expect([...(await of.subset([2, 1]).concat(blank()).read([3, 0, 1])).weights]).toEqual([1, 1.5, 4]);
    const rows = await of.read([1, 0]);
    expect([told(rows), [...rows.origin]]).toEqual([
      [1, 0],
      [ORIGIN.labelled, ORIGIN.labelled],
    ]);
    expect(() => reweighted(of, Float32Array.of(1))).toThrow(/REG_DATA_MISMATCH.*1 factors for 3 examples/);
  });

  it("takes masks for what it had, with their shares of the known pixels as labels", async () => {
    const of = blank(2);
    const { h, w } = of.format;
    const pixels = h * w;
    const masks = new Uint8Array(2 * pixels).fill(1);
    masks.set([0, IGNORED], pixels);
    const again = remasked(of, masks);
    const known = pixels - 1;
    expect([...again.labels()!].map((share) => Math.round(known * share))).toEqual([0, known, 1, known - 1]);
    const rows = await again.subset([1]).read([0]);
    expect([...rows.masks!].slice(0, 2)).toEqual([0, IGNORED]);
    expect([...rows.origin]).toEqual([ORIGIN.added]);
    expect(() => remasked(of, masks.subarray(1))).toThrow(/REG_DATA_MISMATCH.*mask pixels for 2 examples/);
  });

  it("is made of what a reader opened, of nothing else", () => {
    for (const none of [undefined, null, "./photos", {}])
      expect(() => source(none as never)).toThrow(/REG_CONFIG_INVALID: got .* where images are expected; open them/);
  });

  it("forgets what anybody says of it", async () => {
    const of = unlabelled(labelled());
    expect(of.labels()).toBeUndefined();
    expect([...classesOf(of)]).toEqual(all(of).map(() => -1));
    const rows = await of.subset([3, 1]).read([1, 0]);
    expect(told(rows)).toEqual([1, 3]);
    expect(rows.labels.every(Number.isNaN)).toBe(true);
    expect([...rows.origin]).toEqual([ORIGIN.unlabelled, ORIGIN.unlabelled]);

    const { read, ...rest } = labelled(2);
    const drawn = unlabelled({
      ...rest,
      read: async (asked) => ({
        ...(await read(asked)),
        masks: new Int32Array(asked.length * 2).fill(1),
        boxes: {
          at: new Float32Array(asked.length * 4),
          labels: new Float32Array(asked.length * 2),
          weights: new Float32Array(asked.length).fill(1),
        },
      }),
    });
    const { masks, boxes } = await drawn.read([0, 1]);
    expect([...masks!]).toEqual([IGNORED, IGNORED, IGNORED, IGNORED]);
    expect([...boxes!.weights]).toEqual([0, 0]);
  });

  it("is itself when it is one already, and without labels says so", async () => {
    const of = labelled();
    expect(source(of)).toBe(of);
    expect(blank().labels()).toBeUndefined();
    expect((await blank().read([1])).labels.every(Number.isNaN)).toBe(true);
    expect([...classesOf(blank())]).toEqual([-1, -1, -1]);
  });

  it("subset: the rows asked for, in that order, repeated if asked", async () => {
    const of = labelled()
      .weighted(Float32Array.of(0, 1, 2, 3, 4, 5))
      .subset([4, 1, 1]);
    expect(of.length).toBe(3);
    expect(all(of).map((row) => of.id(row))).toEqual(["rows/4", "rows/1", "rows/1"]);
    expect([...of.labels()!]).toEqual([1, 0, 0, 1, 0, 1]);
    expect([...of.chance!]).toEqual([4, 1, 1]);
    expect(told(await of.read([2, 0]))).toEqual([1, 4]);
    expect(told(await of.subset([2, 0]).read([1]))).toEqual([4]);
  });

  it("relabel: other labels and weights, marked as added, without touching the source below", async () => {
    const of = labelled(2);
    const soft = of.relabel(Float32Array.of(0.2, 0.8, 0.5, 0.5), Float32Array.of(0.3, 1));
    const rows = await soft.read([1, 0]);
    expect([...rows.labels]).toEqual([0.5, 0.5, 0.2, 0.8].map(Math.fround));
    expect([...rows.weights]).toEqual([1, Math.fround(0.3)]);
    expect([...rows.origin]).toEqual([ORIGIN.added, ORIGIN.added]);
    expect([...soft.subset([1]).labels()!]).toEqual([0.5, 0.5]);
    expect([...(await soft.subset([0]).read([0])).labels]).toEqual([0.2, 0.8].map(Math.fround));
    expect([...(await of.read([0])).labels]).toEqual([1, 0]);
  });

  it("concat: one after the other, read in the order asked, labels NaN where one has none", async () => {
    const of = labelled(2).concat(blank()).concat(labelled(1));
    expect(of.length).toBe(6);
    expect(told(await of.read([3, 0, 5, 4, 1, 2]))).toEqual([101, 0, 0, 102, 1, 100]);
    expect([...classesOf(of)]).toEqual([0, 1, -1, -1, -1, 0]);
    expect(all(of).map((row) => of.id(row))).toEqual(["rows/0", "rows/1", "blank/0", "blank/1", "blank/2", "rows/0"]);
    const rows = await of.read([2, 1]);
    expect([...rows.labels]).toEqual([Number.NaN, Number.NaN, 0, 1]);
    expect([...rows.origin]).toEqual([ORIGIN.unlabelled, ORIGIN.labelled]);
    expect(of.skipped.map(({ file }) => file)).toEqual(["rows/broken.png", "blank/broken.png", "rows/broken.png"]);
    expect(blank().concat(blank()).labels()).toBeUndefined();
  });

  it("concat: chances join, and a source without any counts 1 a row", () => {
    expect(labelled(1).concat(blank()).chance).toBeUndefined();
    expect([...labelled(2).weighted(Float32Array.of(5, 6)).concat(blank()).chance!]).toEqual([5, 6, 1, 1, 1]);
    expect([...blank().concat(labelled(1).weighted(Float32Array.of(7))).chance!]).toEqual([1, 1, 1, 7]);
  });

  it("concat: reads only what is needed of each", async () => {
    const asked: string[] = [];
    const spy = (name: string): Source =>
      source(rowsThatTell(3, { name, onRead: (rows) => asked.push(`${name} ${rows}`) }));
    const of = spy("x").concat(spy("y"));
    await of.read([1, 2]);
    await of.read([4]);
    await of.read([5, 0, 3]);
    expect(asked).toEqual(["x 1,2", "y 1", "x 0", "y 2,0"]);
  });

  it("concat: bytes and floats become floats", async () => {
    const of = labelled(1).concat(source(rowsThatTell(1, { float: true, pixels: [0.5] })));
    const { images } = await of.read([0, 1]);
    expect(images).toEqual(Float32Array.of(0, 0, 0.5, 0.5));
  });

  it("concat: boxes and further columns where both have them; whoever has no masks has ignored ones", async () => {
    const rich = (name: string, boxes = 2): Source => source(rowsThatTell(3, { name, boxes, masks: true, also: true }));
    const rows = await rich("x").concat(rich("y")).read([4, 0]);
    expect([...rows.boxes!.at]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect([...rows.masks!]).toEqual([1, 1, 0, 0]);
    expect([...rows.also!["depth"]!]).toEqual([101, 100]);
    const mixed = rich("x").concat(source(rowsThatTell(3)));
    const { boxes, masks, also } = await mixed.read([0, 3]);
    expect([boxes, also]).toEqual([undefined, undefined]);
    expect([...masks!]).toEqual([0, 0, IGNORED, IGNORED]);
    await expect(rich("x", 2).concat(rich("y", 3)).read([0, 3])).rejects.toThrow("REG_DATA_MISMATCH");
  });

  it("refuses what cannot stand in one batch, and labels or chances of another length", () => {
    const of = labelled(2);
    const three = source(rowsThatTell(2, { classes: ["a", "b", "c"] }));
    const wide = source({ ...rowsThatTell(2), format: { h: 2, w: 2, c: 1, range: [0, 255] } });
    const bright = source({ ...rowsThatTell(2), format: { h: 1, w: 2, c: 1, range: [0, 1] } });
    for (const other of [three, wide, bright]) expect(() => of.concat(other)).toThrow("REG_DATA_MISMATCH");
    expect(() => of.relabel(new Float32Array(3))).toThrow("REG_DATA_MISMATCH");
    expect(() => of.relabel(new Float32Array(4), new Float32Array(3))).toThrow("REG_DATA_MISMATCH");
    expect(() => of.weighted(new Float32Array(3).fill(1))).toThrow("REG_DATA_MISMATCH");
    expect(() => of.weighted(new Float32Array(2))).toThrow("REG_DATA_MISMATCH");
  });

  it("hands dispose on to every reader", () => {
    const [x, y] = [rowsThatTell(2), rowsThatTell(2)];
    source(x)
      .subset([0])
      .concat(source(y).relabel(new Float32Array(4)))
      .weighted(new Float32Array(3).fill(1))
      .dispose();
    expect([x.disposed, y.disposed]).toEqual([1, 1]);
  });
});

/** What a source should be, row by row: the slow model that any nesting of views is held against. */
type Model = readonly {
  readonly pixel: number;
  readonly label: readonly number[];
  readonly origin: number;
  readonly chance: number | undefined;
}[];
type Pair = { readonly of: Source; readonly model: Model };
const nested = (() => {
  const leaf = fc.constantFrom<Pair>(
    {
      of: labelled(3),
      model: [0, 1, 2].map((i) => ({
        pixel: i,
        label: [1 - (i % 2), i % 2],
        origin: ORIGIN.labelled,
        chance: undefined,
      })),
    },
    {
      of: blank(),
      model: [100, 101, 102].map((pixel) => ({
        pixel,
        label: [Number.NaN, Number.NaN],
        origin: ORIGIN.unlabelled,
        chance: undefined,
      })),
    },
  );
  const view = (depth: number): fc.Arbitrary<Pair> => {
    if (!depth) return leaf;
    const below = view(depth - 1);
    return fc.oneof(
      below,
      fc.tuple(below, below).map(([a, b]) => {
        const weighted = [...a.model, ...b.model].some(({ chance }) => chance !== undefined);
        const joined = [...a.model, ...b.model].map((row) => ({
          ...row,
          chance: weighted ? (row.chance ?? 1) : undefined,
        }));
        return { of: a.of.concat(b.of), model: joined };
      }),
      fc.tuple(below, fc.array(fc.nat(), { minLength: 1, maxLength: 5 })).map(([a, picks]) => {
        const rows = picks.map((pick) => pick % a.of.length);
        return { of: a.of.subset(rows), model: rows.map((row) => a.model[row]!) };
      }),
      below.map((a) => ({
        of: a.of.relabel(Float32Array.from(a.model.flatMap((_, i) => [i, -i]))),
        model: a.model.map((row, i) => ({ ...row, label: [i, -i], origin: ORIGIN.added })),
      })),
      below.map((a) => ({
        of: a.of.weighted(Float32Array.from(a.model, (_, i) => i + 1)),
        model: a.model.map((row, i) => ({ ...row, chance: i + 1 })),
      })),
    );
  };
  return view;
})();

describe("views of views", () => {
  it("are what selecting, relabelling, weighing and joining lists would give", async () => {
    await fc.assert(
      fc.asyncProperty(nested(4), fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), async ({ of, model }, picks) => {
        expect(of.length).toBe(model.length);
        expect(of.chance && [...of.chance]).toEqual(
          model[0]!.chance === undefined ? undefined : model.map(({ chance }) => chance),
        );
        expect([...(of.labels() ?? new Float32Array(2 * of.length).fill(Number.NaN))].map((v) => v + 0)).toEqual(
          model.flatMap(({ label }) => label.map((v) => v + 0)),
        );
        const asked = picks.map((pick) => pick % of.length);
        const rows = await of.read(asked);
        expect(told(rows)).toEqual(asked.map((row) => model[row]!.pixel));
        expect([...rows.labels].map((v) => v + 0)).toEqual(asked.flatMap((row) => model[row]!.label.map((v) => v + 0)));
        expect([...rows.origin]).toEqual(asked.map((row) => model[row]!.origin));
      }),
    );
  });
});
