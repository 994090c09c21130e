import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ORIGIN, createRng, type Extra, type Rows, type Source } from "@regimen/contracts";
import { Feeder, Walk, source } from "@regimen/sources";
import { rowsThatTell } from "./support/samples.ts";

const rng = createRng(3);
const data = (length: number): Source =>
  source(rowsThatTell(length, { labels: Array.from({ length }, (_, i) => i % 2) }));
/** Rows whose pixels begin at 200. */
const other = (length: number, name = "other"): Source =>
  source(rowsThatTell(length, { name, pixels: Array.from({ length }, (_, i) => 200 + i) })).relabel(
    new Float32Array(2 * length).fill(0.5),
  );
const told = ({ images }: Rows): number[] => Array.from(images).filter((_, i) => i % 2 === 0);
const extra = (of: Extra["of"], ratio: number, from = other(50)): Extra => ({ source: from, ratio, of });
const batches = async (feeder: Feeder, from: number, until: number): Promise<number[][]> => {
  const found: number[][] = [];
  for (let step = from; step < until; step++) found.push(told(await feeder.batch(step)));
  return found;
};

describe("Walk", () => {
  it("visits every row once an epoch, in another order each epoch", () => {
    const walk = new Walk(data(10), rng);
    const [first, second] = [walk.rows(0, 10), walk.rows(10, 10)];
    for (const epoch of [first, second])
      expect([...epoch].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(first).not.toEqual(second);
  });

  it("is a function of seed and position, whatever was asked before", () => {
    const range = fc.tuple(fc.nat(100), fc.nat(30));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(range, { maxLength: 4 }),
        range,
        (length, before, [from, count]) => {
          const walk = new Walk(data(length), rng);
          for (const [at, many] of before) walk.rows(at, many);
          expect(walk.rows(from, count)).toEqual(new Walk(data(length), rng).rows(from, count));
        },
      ),
    );
  });

  it("draws by chance where rows have one, with replacement", () => {
    const weighted = data(5).weighted(Float32Array.of(0, 1, 2, 5, 0));
    const rows = new Walk(weighted, rng).rows(0, 40_000);
    const counts = [0, 1, 2, 3, 4].map((row) => rows.filter((other) => other === row).length / 40_000);
    // Four standard errors of a share are 0.01 at the most.
    for (const [row, share] of [0, 1 / 8, 2 / 8, 5 / 8, 0].entries())
      expect(Math.abs(counts[row]! - share)).toBeLessThan(0.01);
    expect([counts[0], counts[4]]).toEqual([0, 0]);
  });

  it("refuses to walk through nothing", () => {
    expect(() => new Walk(data(3).subset([]), rng)).toThrow("REG_DATA_EMPTY");
  });
});

describe("Feeder", () => {
  it("gives every row once an epoch, batches running over its end", async () => {
    const seen = (await batches(new Feeder(data(10), [], 4, rng), 0, 5)).flat();
    expect(seen).toHaveLength(20);
    for (const epoch of [seen.slice(0, 10), seen.slice(10)]) expect(new Set(epoch).size).toBe(10);
  });

  it("gives step k the same batch whether or not earlier ones were read", async () => {
    const make = (): Feeder => new Feeder(data(11), [extra("batch", 0.5), extra("set", 0.4)], 6, rng);
    const whole = await batches(make(), 0, 12);
    for (const from of [1, 5, 11]) expect(await batches(make(), from, 12)).toEqual(whole.slice(from));
    const back = make();
    await batches(back, 0, 7);
    expect(await batches(back, 2, 4)).toEqual(whole.slice(2, 4));
    const other = await batches(new Feeder(data(11), [extra("batch", 0.5), extra("set", 0.4)], 6, createRng(4)), 0, 12);
    expect(other).not.toEqual(whole);
  });

  it("counts epochs by the examples of the set, whatever stands beside them in a batch", () => {
    expect(new Feeder(data(10), [], 4, rng).epoch(5)).toBe(2);
    // 11 examples and 4 more make the set; 4 of 6 in a batch are its own.
    expect(new Feeder(data(11), [extra("batch", 0.5), extra("set", 0.4)], 6, rng).epoch(15)).toBe(4);
  });

  it("reads one batch ahead, and no further", async () => {
    const asked: number[] = [];
    const counting = source(rowsThatTell(100, { onRead: (rows) => asked.push(rows.length) }));
    const feeder = new Feeder(counting, [], 5, rng);
    await feeder.batch(0);
    await feeder.batch(1);
    await feeder.batch(2);
    expect(asked).toEqual([5, 5, 5, 5]);
  });

  it("raises a read's failure when that batch is asked for, not before", async () => {
    const failing: Source = { ...data(4), read: async () => Promise.reject(new Error("disk")) };
    let calls = 0;
    const later: Source = { ...data(4), read: (rows) => (++calls > 1 ? failing.read(rows) : data(4).read(rows)) };
    const feeder = new Feeder(later, [], 2, rng);
    await feeder.batch(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(feeder.batch(1)).rejects.toThrow("disk");
  });

  it("mixes `set` extras into the epoch: ratio times the set's size more, the same ones for ever", async () => {
    const feeder = new Feeder(data(20), [extra("set", 0.35)], 9, rng);
    expect(feeder.length).toBe(27);
    const epochs = [await batches(feeder, 0, 3), await batches(feeder, 3, 6)].map((epoch) =>
      epoch.flat().sort((a, b) => a - b),
    );
    expect(epochs[0]).toEqual(epochs[1]);
    expect(epochs[0]!.filter((pixel) => pixel < 200)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const added = epochs[0]!.filter((pixel) => pixel >= 200);
    expect(added).toHaveLength(7);
    expect(new Set(added).size).toBe(7);
  });

  it("repeats `set` extras where the source is smaller than its share: whole rounds first", async () => {
    const feeder = new Feeder(data(4), [extra("set", 2.5, other(4))], 14, rng);
    const added = (await batches(feeder, 0, 1))[0]!.filter((pixel) => pixel >= 200);
    expect(added).toHaveLength(10);
    for (const pixel of [200, 201, 202, 203]) expect(added.filter((p) => p === pixel).length).toBeGreaterThanOrEqual(2);
  });

  it("gives `batch` extras their share of every batch, each through its own epochs", async () => {
    const feeder = new Feeder(
      data(12),
      [
        extra("batch", 1, other(5)),
        extra("batch", 0.5, source(rowsThatTell(3, { name: "third", pixels: [240, 241, 242] }))),
      ],
      10,
      rng,
    );
    // 10 in the proportion 1 : 1 : 0.5.
    expect(feeder.length).toBe(12);
    const found = await batches(feeder, 0, 15);
    const part = (pixel: number): number => (pixel < 200 ? 0 : pixel < 240 ? 1 : 2);
    for (const batch of found)
      expect([0, 1, 2].map((at) => batch.filter((pixel) => part(pixel) === at).length)).toEqual([4, 4, 2]);
    const second = found.flat().filter((pixel) => part(pixel) === 1);
    for (let epoch = 0; epoch < 12; epoch++) expect(new Set(second.slice(5 * epoch, 5 * epoch + 5)).size).toBe(5);
    const rows = await feeder.batch(0);
    expect([...rows.origin]).toEqual([
      ...new Array<number>(4).fill(ORIGIN.labelled),
      ...new Array<number>(4).fill(ORIGIN.added),
      0,
      0,
    ]);
  });

  it("keeps a small share alive, leaves out what has ratio 0, and refuses a batch without room", async () => {
    const [batch] = await batches(
      new Feeder(data(12), [extra("batch", 0.01), extra("batch", 0), extra("set", 0)], 8, rng),
      0,
      1,
    );
    expect(batch!.filter((pixel) => pixel >= 200)).toHaveLength(1);
    expect(() => new Feeder(data(12), [extra("batch", 20)], 8, rng)).toThrow("REG_CONFIG_INVALID");
    const three = source(rowsThatTell(3, { classes: ["a", "b", "c"] }));
    expect(() => new Feeder(data(12), [extra("set", 1, three)], 8, rng)).toThrow("REG_DATA_MISMATCH");
  });
});
