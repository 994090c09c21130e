import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { fromArrays } from "../src/index.ts";

const decoded = async (address: string): Promise<number[]> => {
  const { data } = await sharp(Buffer.from(address.split(",")[1]!, "base64"))
    .raw()
    .toBuffer({ resolveWithObject: true });
  return [...data];
};

describe("pictures of rows", () => {
  it("show colours as they are", async () => {
    const pixels = Uint8Array.of(255, 0, 0, 0, 255, 0, 9, 9, 9, 0, 0, 255);
    const samples = await fromArrays(pixels, [0], { h: 2, w: 2, c: 3, classes: ["a", "b"] });
    const address = await samples.picture!(0);
    expect(address).toMatch(/^data:image\/png;base64,/);
    expect(await decoded(address)).toEqual([...pixels]);
  });

  it("stretch a range of floats to black and white", async () => {
    const pixels = Float32Array.of(-1, 1, 0, -1);
    const samples = await fromArrays(pixels, [0], { h: 2, w: 2, c: 1, classes: ["a", "b"], range: [-1, 1] });
    const grey = (await decoded(await samples.picture!(0))).filter((_, at, all) => at % (all.length / 4) === 0);
    expect(grey).toEqual([0, 255, 128, 0]);
  });
});
