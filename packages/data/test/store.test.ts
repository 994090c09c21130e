import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { PixelStore } from "../src/store.ts";
import { expectCode, noise, tempFolder } from "./helpers.ts";

describe("PixelStore", () => {
  it("gives back what was written, in memory, in the file and across both", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 900 }),
        async (stride, count, limit) => {
          const store = new PixelStore(stride, limit);
          const images = Array.from({ length: count }, (_, slot) => noise(stride, slot));
          // Out of order and at once, as decoding finishes.
          await Promise.all(
            images
              .map((_, i) => (i * 7) % count)
              .filter((slot, i, all) => all.indexOf(slot) === i)
              .map((slot) => store.write(slot, images[slot]!)),
          );
          await Promise.all(images.map((image, slot) => store.write(slot, image)));
          const wanted = Array.from({ length: 10 }, (_, i) => (i * 13) % count);
          expect(await store.read(wanted)).toEqual(Uint8Array.from(wanted.flatMap((slot) => [...images[slot]!])));
          store.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("keeps memory bounded: beyond the limit nothing but the file grows", async () => {
    const stride = 64 * 1024;
    const store = new PixelStore(stride, 4 * stride);
    const image = noise(stride, 3);
    await store.write(0, image);
    const before = process.memoryUsage().arrayBuffers;
    for (let slot = 4; slot < 400; slot++) await store.write(slot, image); // 25 MiB
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 2 ** 20);
    expect(await store.read([399])).toEqual(image);
    store.close();
  });

  it("leaves no file behind, even when it is never closed", async () => {
    const folder = await tempFolder();
    const name = process.platform === "win32" ? "TEMP" : "TMPDIR";
    vi.stubEnv(name, folder);
    const store = new PixelStore(8, 0);
    await store.write(0, noise(8, 1));
    vi.unstubAllEnvs();
    if (process.platform !== "win32") expect(await readdir(folder)).toEqual([]);
    expect(await store.read([0])).toEqual(noise(8, 1));
    store.close();
  });

  it("says what to do when the folder for temporary files cannot be written", async () => {
    vi.stubEnv("TMPDIR", "/nowhere/at/all");
    vi.stubEnv("TEMP", "/nowhere/at/all");
    await expectCode(new PixelStore(8, 0).write(0, noise(8, 1)), "REG_DISK", "TMPDIR");
    vi.unstubAllEnvs();
  });

  it("refuses to read after close; a read under way finishes", async () => {
    const store = new PixelStore(8, 0);
    const image = noise(8, 1);
    await store.write(0, image);
    const pending = store.read([0]);
    store.close();
    expect(await pending).toEqual(image);
    await expectCode(store.read([0]), "REG_USAGE", "dispose");
  });
});
