import { describe, expect, it } from "vitest";
import { csvFile, imageFolder } from "../src/index.ts";
import { expectCode, plain, tempFolder, write } from "./helpers.ts";

const RED = [255, 0, 0] as const;
const BLUE = [0, 0, 255] as const;
const GREEN = [0, 255, 0] as const;

describe("several labels", () => {
  it("in a CSV: cat|dog; | alone is none of the classes, an empty cell no label", async () => {
    const root = await tempFolder();
    for (const [at, colour] of [RED, BLUE, GREEN, RED].entries()) await plain(root, `${at}.png`, colour);
    const text = (last: string) => `path,label\n0.png,dog | cat\n1.png,dog\n2.png,|\n3.png,${last}\n`;
    await write(root, "a.csv", text(""));
    const samples = await csvFile("a.csv", { base: root });
    expect(samples.classes).toEqual(["cat", "dog"]);
    expect([...samples.labels()!]).toEqual([1, 1, 0, 1, 0, 0, NaN, NaN]);
    samples.dispose();
    await write(root, "b.csv", text("cow|dog"));
    await expectCode(csvFile("b.csv", { base: root, classes: ["cat", "dog"] }), "REG_DATA_LABEL", "cow", "line 5");
  });

  it("in folders: the same file in several of them has all their labels; without the option each is its own image", async () => {
    const root = await tempFolder();
    await plain(root, "set/cat/1.png", RED);
    await plain(root, "set/dog/x.png", RED);
    await plain(root, "set/dog/2.png", BLUE);
    await plain(root, "set/none/3.png", GREEN);
    const several = await imageFolder("set", { base: root, several: true });
    expect(several.classes).toEqual(["cat", "dog"]);
    const ids = Array.from({ length: several.length }, (_, row) => several.id(row));
    expect(ids).toEqual(["set/cat/1.png", "set/dog/2.png", "set/none/3.png"]);
    expect([...several.labels()!]).toEqual([1, 1, 0, 1, 0, 0]);
    several.dispose();
    const single = await imageFolder("set", { base: root });
    expect(single.length).toBe(4);
    single.dispose();
  });
});
