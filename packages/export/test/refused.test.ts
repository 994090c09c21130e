import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { toOnnx, toSavedModel } from "../src/index.ts";

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe.each([
  ["ONNX", toOnnx],
  ["a SavedModel", toSavedModel],
])("%s", (_, write) => {
  const refused = (layer: tfl.layers.Layer): (() => Uint8Array) => {
    const image = tfl.input({ shape: [6, 6, 3] });
    const model = tfl.model({ inputs: image, outputs: layer.apply(image) as tfl.SymbolicTensor });
    return () => write(model);
  };

  test("a layer without a counterpart is refused by name and class", () => {
    expect(refused(tfl.layers.thresholdedReLU({ name: "odd" }))).toThrow(
      /REG_MODEL_UNSUPPORTED: the layer "odd" \(ThresholdedReLU\) cannot be exported/,
    );
  });

  test("so is an activation without one, and channels that come first", () => {
    const unknown = tfl.layers.activation({ name: "odd", activation: "gelu_new" as never });
    expect(refused(unknown)).toThrow(/the layer "odd" \(Activation\) cannot be exported: its activation/);
    const first = tfl.layers.maxPooling2d({ name: "odd", dataFormat: "channelsFirst" });
    expect(refused(first)).toThrow(/the layer "odd" \(MaxPooling2D\) cannot be exported: its channels come first/);
  });

  test("sides of unknown length are refused", () => {
    const image = tfl.input({ shape: [null, null, 3], name: "image" });
    const output = tfl.layers.globalAveragePooling2d({}).apply(image) as tfl.SymbolicTensor;
    const model = tfl.model({ inputs: image, outputs: output });
    expect(() => write(model)).toThrow(/REG_MODEL_UNSUPPORTED: the layer "image" \(InputLayer\)/);
  });

  test("two inputs are refused", () => {
    const inputs = [tfl.input({ shape: [4] }), tfl.input({ shape: [4] })];
    const model = tfl.model({ inputs, outputs: tfl.layers.add().apply(inputs) as tfl.SymbolicTensor });
    expect(() => write(model)).toThrow(/has 2 inputs and cannot be exported; expected one/);
  });
});
