import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RegimenError, loadModel, saveModel } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { efficientnetb0, smallCnn } from "../src/index.ts";

let folder: string;
beforeEach(async () => {
  await tf.setBackend("cpu");
  folder = await mkdtemp(join(tmpdir(), "models-"));
});
afterEach(async () => {
  tf.disposeVariables();
  await rm(folder, { recursive: true, force: true });
});

const build = (architecture = smallCnn): tfl.LayersModel => {
  let seed = 0;
  const format = { h: 8, w: 8, c: 1, range: [0, 255] } as const;
  return architecture.build({ format, classes: 3, seeds: () => seed++, with: { width: 0.25 } });
};
const answer = (model: tfl.LayersModel): number[] => [
  ...(
    model.predict(
      tf.tensor4d(
        Float32Array.from({ length: 64 }, (_, i) => i / 64),
        [1, 8, 8, 1],
      ),
    ) as tf.Tensor
  ).dataSync(),
];

describe("saveModel and loadModel", () => {
  test("round trip, to the bit, by folder and by file", async () => {
    const model = build();
    const at = join(folder, "a", "b");
    await saveModel(model, at, { format: 1, classes: ["x", "y", "z"] });
    expect((await readdir(at)).sort()).toEqual(["metadata.json", "model.json", "weights.bin"]);
    expect(JSON.parse(await readFile(join(at, "metadata.json"), "utf8"))).toEqual({
      format: 1,
      classes: ["x", "y", "z"],
    });
    for (const path of [at, join(at, "model.json")]) {
      const loaded = await loadModel(path);
      expect(answer(loaded)).toEqual(answer(model));
      expect(loaded.toJSON(null, false)).toEqual(model.toJSON(null, false));
    }
  });

  test.each([smallCnn, efficientnetb0])("tfjs reads $name over HTTP, as a browser does", async (architecture) => {
    const model = build(architecture);
    await saveModel(model, folder);
    const server = createServer((request, response) => {
      void readFile(join(folder, request.url!)).then((bytes) => response.end(bytes));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    const loaded = await tfl.loadLayersModel(`http://127.0.0.1:${port}/model.json`);
    server.close();
    expect(answer(loaded)).toEqual(answer(model));
    expect(loaded.layers.filter((layer) => layer.getClassName().includes(">"))).toEqual([]);
  });

  test("weights in several files, as tfjs' converter writes them", async () => {
    const model = build();
    await saveModel(model, folder);
    const bytes = await readFile(join(folder, "weights.bin"));
    await writeFile(join(folder, "one.bin"), bytes.subarray(0, 100));
    await writeFile(join(folder, "two.bin"), bytes.subarray(100));
    const json = JSON.parse(await readFile(join(folder, "model.json"), "utf8")) as tf.io.ModelJSON;
    json.weightsManifest[0]!.paths = ["one.bin", "two.bin"];
    await writeFile(join(folder, "model.json"), JSON.stringify(json));
    expect(answer(await loadModel(folder))).toEqual(answer(model));
  });

  test("no tensor is left by either", async () => {
    const model = build();
    const before = tf.memory().numTensors;
    await saveModel(model, folder);
    (await loadModel(folder)).dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("REG_MODEL_UNREADABLE", () => {
  const refused = async (message: RegExp): Promise<void> => {
    const error = await loadModel(folder).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(RegimenError);
    expect((error as RegimenError).code).toBe("REG_MODEL_UNREADABLE");
    expect((error as RegimenError).message).toMatch(message);
  };
  const write = (json: unknown): Promise<void> => writeFile(join(folder, "model.json"), JSON.stringify(json));

  test("nothing there", () => refused(/model\.json does not exist; expected a model\.json or the folder/));

  test("weights cut short, with both sizes", async () => {
    await saveModel(build(), folder);
    const whole = (await readFile(join(folder, "weights.bin"))).byteLength;
    await truncate(join(folder, "weights.bin"), whole - 12);
    await refused(new RegExp(`weights\\.bin .* has ${whole - 12} bytes; expected ${whole}`));
  });

  test("weights missing", async () => {
    await saveModel(build(), folder);
    await rm(join(folder, "weights.bin"));
    await refused(/weights\.bin does not exist; model\.json names it/);
  });

  test("not JSON, a graph model, something else, a layer that nobody knows", async () => {
    await writeFile(join(folder, "model.json"), "{");
    await refused(/is not JSON/);
    await write({ format: "graph-model", modelTopology: {}, weightsManifest: [] });
    await refused(/is a graph model.*tfjs_layers_model/);
    await write({ classes: [] });
    await refused(/has no modelTopology and weightsManifest/);
    const unknown = {
      class_name: "Sequential",
      config: { name: "s", layers: [{ class_name: "Mine", config: { name: "m" } }] },
    };
    await write({ format: "layers-model", modelTopology: unknown, weightsManifest: [] });
    await refused(/cannot be built: Unknown layer: Mine/);
  });
});

test("a folder that cannot be written is REG_DISK", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(saveModel(build(), join(folder, "file"))).rejects.toThrow(/^REG_DISK/);
});
