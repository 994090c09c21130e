import "@tensorflow/tfjs-backend-cpu";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelOf, topologyOf } from "@regimen/topology";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { roundWeights, toOnnx, toSavedModel, WEIGHTS, type Weights } from "../src/index.ts";
import { LAYERS, SHAPE } from "./layers.ts";
import { imagesOf, SHOWN, sown, stirred } from "./models.ts";
import { noOrt, ort, pythonWith, runOnnx, runPython, type Numbers } from "./runtimes.ts";

let folder: string;
beforeAll(async () => {
  await tf.setBackend("cpu");
  folder = mkdtempSync(join(tmpdir(), "regimen-export-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What tfjs answers, by output. */
function answers(model: tfl.LayersModel, image: tf.Tensor): Numbers[] {
  return tf.tidy(() =>
    [model.predict(image)].flat().map((answer) => ({ data: answer.dataSync() as Float32Array, dims: answer.shape })),
  );
}
const numbers = (image: tf.Tensor): Numbers => ({ data: image.dataSync() as Float32Array, dims: image.shape });

function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}
/** How far the answers for two images are apart: a model that says the same of all would agree with anything. */
const spread = ({ data }: Numbers): number =>
  farthest(data.subarray(0, data.length / 2), data.subarray(data.length / 2));

/** As `answers`, with the weights rounded as an export with these `weights` has them; the model keeps its own. */
function roundedAnswers(model: tfl.LayersModel, image: tf.Tensor, weights: Weights): Numbers[] {
  const kept = model.getWeights().map((weight) => weight.clone());
  roundWeights(model, weights);
  const all = answers(model, image);
  model.setWeights(kept);
  tf.dispose(kept);
  return all;
}

type Case = { readonly name: string; readonly model: tfl.LayersModel; readonly image: tf.Tensor };
async function cases(): Promise<Case[]> {
  return Promise.all(
    Object.entries(SHOWN).map(async ([name, { side, build }]) => ({
      name,
      model: await build(),
      image: imagesOf(side),
    })),
  );
}

describe.skipIf(!ort)(`in onnxruntime-web${noOrt}`, () => {
  test.each(Object.keys(LAYERS))("%s", async (name) => {
    const model = stirred(sown(LAYERS[name]!()));
    const image = tf.randomNormal([2, ...SHAPE], 0, 1, "float32", 3);
    const expected = answers(model, image);
    const got = await runOnnx(toOnnx(model), numbers(image));
    expect(got.map(({ dims }) => [...dims])).toEqual(expected.map(({ dims }) => dims));
    got.forEach(({ data }, at) => expect(farthest(data, expected[at]!.data)).toBeLessThan(1e-5));
    expect(spread(expected[0]!)).toBeGreaterThan(0.01);
    tf.dispose(image);
    model.dispose();
  });

  test("layers of Regimen's own", async () => {
    const plain = stirred(
      tfl.sequential({
        layers: [
          tfl.layers.conv2d({ inputShape: [...SHAPE], filters: 4, kernelSize: 3 }),
          tfl.layers.activation({ name: "bend", activation: "swish" }),
          tfl.layers.globalAveragePooling2d({ name: "pool" }),
        ],
      }),
    );
    const own = topologyOf(plain)
      .replace("bend", { className: "Regimen>Swish", config: {} })
      .replace("pool", { className: "Regimen>GlobalAveragePooling2D", config: {} });
    const model = await modelOf(own);
    model.setWeights(plain.getWeights());
    const image = tf.randomNormal([2, ...SHAPE], 0, 1, "float32", 3);
    const [got] = await runOnnx(toOnnx(model), numbers(image));
    expect(farthest(got!.data, answers(plain, image)[0]!.data)).toBeLessThan(1e-5);
    tf.dispose(image);
  });

  test.each(Object.keys(SHOWN))("%s, in every kind of weights", async (name) => {
    const { side, build } = SHOWN[name]!;
    const [model, image] = [await build(), imagesOf(side)];
    expect(spread(answers(model, image)[0]!)).toBeGreaterThan(0.01);
    for (const weights of WEIGHTS) {
      const [got] = await runOnnx(toOnnx(model, { weights }), numbers(image));
      const [expected] = roundedAnswers(model, image, weights);
      expect(farthest(got!.data, expected!.data), weights).toBeLessThan(1e-4);
    }
    tf.dispose(image);
    model.dispose();
  });
});

const PEERS = [
  {
    name: "onnx.checker and onnxruntime",
    modules: ["onnx", "onnxruntime"],
    program: "run_onnx.py",
    file: "model.onnx",
    make: toOnnx,
  },
  {
    name: "TensorFlow",
    modules: ["tensorflow"],
    program: "run_savedmodel.py",
    file: "saved_model.pb",
    make: toSavedModel,
  },
];
describe.each(PEERS)("in Python", ({ name, modules, program, file, make }) => {
  const python = pythonWith(...modules);
  const skipped = python ? "" : ` (skipped: no ${modules.join(" and ")} in Python)`;
  /** One process for all: each import takes seconds. */
  function agree(given: readonly Case[], image: Numbers, weights: Weights): void {
    const paths = given.map(({ model }, at) => {
      const place = join(folder, `${file}-${weights}-${at}`);
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, file), make(model, { weights }));
      return file === "saved_model.pb" ? place : join(place, file);
    });
    const got = runPython(python!, program, paths, image);
    given.forEach((one, at) => {
      const [expected] = roundedAnswers(one.model, one.image, weights);
      expect(farthest(got[at]!, expected!.data), `${one.name}, ${weights}`).toBeLessThan(1e-4);
    });
  }

  test.skipIf(!python)(`${name}: each layer${skipped}`, () => {
    const image = tf.randomNormal([2, ...SHAPE], 0, 1, "float32", 3);
    const given = Object.entries(LAYERS).map(([name, build]) => ({ name, model: stirred(build()), image }));
    agree(given, numbers(image), "float32");
    for (const { model } of given) model.dispose();
    image.dispose();
  });

  test.skipIf(!python)(
    `${name}: the models${skipped}`,
    async () => {
      const given = await cases();
      for (const side of new Set(given.map(({ image }) => image.shape[1]))) {
        const these = given.filter(({ image }) => image.shape[1] === side);
        for (const weights of WEIGHTS) agree(these, numbers(these[0]!.image), weights);
      }
      for (const { model, image } of given) {
        model.dispose();
        image.dispose();
      }
    },
    300_000,
  );
});
