import { describe, expect, it } from "vitest";
import type { Pictures, Sheet } from "@regimen/contracts";
import { samplesOf, source } from "@regimen/sources";
import { rowsThatTell } from "./support/samples.ts";

/** Keeps what it is asked to draw. */
function drawer() {
  const asked: Pictures[] = [];
  const draw = (pictures: Pictures, rows: readonly string[], columns: readonly string[]): Sheet => {
    asked.push(pictures);
    return { image: "", rows, columns };
  };
  return { asked, draw };
}

describe("samples of a source", () => {
  it("are a row of images a class, and nothing where a class has fewer", async () => {
    const { asked, draw } = drawer();
    const of = source(rowsThatTell(5, { labels: [1, 0, 1, -1, 1] }));
    const sheet = await samplesOf(of, draw);
    expect(sheet!.rows).toEqual(of.classes.slice(0, 2));
    expect(sheet!.columns).toHaveLength(3);
    const { images, columns } = asked[0]!;
    expect(columns).toBe(3);
    const size = of.format.h * of.format.w * of.format.c;
    const told = Array.from({ length: 6 }, (_, cell) => images[cell * size]);
    expect(told).toEqual([1, Number.NaN, Number.NaN, 0, 2, 4]);
  });
  it("are none where nothing has a label", async () => {
    expect(await samplesOf(source(rowsThatTell(3)), drawer().draw)).toBeNull();
  });
});
