import type { Reader, Registry } from "@regimen/core";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };
import plugin from "../src/index.ts";
import { tempFolder, plain, howIn } from "./helpers.ts";

describe("the plug-in", () => {
  it("registers its readers under the names of the configuration, and nothing else", async () => {
    const readers: Reader[] = [];
    plugin.register(
      new Proxy({} as Registry, {
        get: (_, what) => (what === "reader" ? (reader: Reader) => readers.push(reader) : undefined),
      }),
    );
    expect([plugin.name, plugin.version]).toEqual([manifest.name, manifest.version]);
    expect(readers.map(({ name }) => name)).toEqual([
      "idx",
      "cifar10-binary",
      "image-folder",
      "csv",
      "mask-folder",
      "coco-masks",
      "coco",
      "yolo",
      "voc",
      "boxes-csv",
      "npz",
      "tfrecord",
    ]);
    const folder = await tempFolder();
    await plain(folder, "a/1.png", [1, 2, 3]);
    await plain(folder, "b/1.png", [1, 2, 3]);
    const samples = await readers[2]!.open({ format: "image-folder", path: "." }, howIn(folder));
    expect(samples.length).toBe(2);
    samples.dispose();
  });
});
