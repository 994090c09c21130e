import "@tensorflow/tfjs-backend-cpu";
import { efficientnetb0, resnet18, resnet20, resnet20v2 } from "@regimen/models";
import type { Architecture } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { residuals, topologyOf } from "../src/index.ts";
import { functionalModel } from "./models.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => tf.disposeVariables());

type Node = tfl.SymbolicTensor;
const build = (architecture: Architecture): tfl.LayersModel => {
  let seed = 0;
  const format = { h: 32, w: 32, c: 3, range: [0, 255] } as const;
  return architecture.build({ format, classes: 10, seeds: () => seed++, with: { width: 0.25 } });
};
const conv = (x: Node, name: string, how: { kernel?: number; strides?: number; filters?: number } = {}): Node =>
  tfl.layers
    .conv2d({
      name,
      filters: how.filters ?? 4,
      kernelSize: how.kernel ?? 3,
      strides: how.strides ?? 1,
      padding: "same",
    })
    .apply(x) as Node;
const add = (name: string, ...inputs: Node[]): Node => tfl.layers.add({ name }).apply(inputs) as Node;
/** The residuals of a model of 8×8×4 images. */
const found = (make: (image: Node) => Node): ReturnType<typeof residuals> => {
  const image = tfl.input({ shape: [8, 8, 4], name: "image" });
  return residuals(topologyOf(tfl.model({ inputs: image, outputs: make(image) })));
};

describe("residuals of published models", () => {
  test("ResNet-20: nine blocks, two of them with a projection", () => {
    const blocks = residuals(topologyOf(build(resnet20)));
    expect(blocks.map(({ add, kind }) => `${add} ${kind}`)).toEqual([
      "group1_block1_add identity",
      "group1_block2_add identity",
      "group1_block3_add identity",
      "group2_block1_add projection",
      "group2_block2_add identity",
      "group2_block3_add identity",
      "group3_block1_add projection",
      "group3_block2_add identity",
      "group3_block3_add identity",
    ]);
    expect(blocks[0]).toEqual({
      add: "group1_block1_add",
      from: "stem_relu",
      branch: "group1_block1_2_bn",
      skip: "stem_relu",
      kind: "identity",
    });
    expect(blocks[3]).toMatchObject({
      from: "group1_block3_relu",
      branch: "group2_block1_2_bn",
      skip: "group2_block1_skip_bn",
    });
  });

  test("ResNet-18: eight blocks, three of them with a projection", () => {
    const blocks = residuals(topologyOf(build(resnet18)));
    expect(blocks.map(({ kind }) => kind)).toEqual([
      "identity",
      "identity",
      ...Array.from({ length: 3 }, () => ["projection", "identity"]).flat(),
    ]);
  });

  test("pre-activation: an identity skips from sum to sum, a projection reads the activation", () => {
    const blocks = residuals(topologyOf(build(resnet20v2)));
    expect(blocks).toHaveLength(6);
    expect(blocks[0]).toMatchObject({
      from: "group1_block1_1_relu",
      branch: "group1_block1_4_conv",
      kind: "projection",
    });
    expect(blocks[1]).toMatchObject({ from: "group1_block1_add", skip: "group1_block1_add", kind: "identity" });
  });

  test("EfficientNet-B0: every block but the first of a group skips its whole branch, gate and all", () => {
    const blocks = residuals(topologyOf(build(efficientnetb0)));
    expect(blocks.map(({ add, kind }) => `${add} ${kind}`)).toEqual([
      "group2_block2_add identity",
      "group3_block2_add identity",
      "group4_block2_add identity",
      "group4_block3_add identity",
      "group5_block2_add identity",
      "group5_block3_add identity",
      "group6_block2_add identity",
      "group6_block3_add identity",
      "group6_block4_add identity",
    ]);
    expect(blocks.slice(0, 4).map(({ from, branch, skip }) => [from, branch, skip])).toEqual([
      ["group2_block1_project_bn", "group2_block2_project_bn", "group2_block1_project_bn"],
      ["group3_block1_project_bn", "group3_block2_project_bn", "group3_block1_project_bn"],
      ["group4_block1_project_bn", "group4_block2_project_bn", "group4_block1_project_bn"],
      ["group4_block2_add", "group4_block3_project_bn", "group4_block2_add"],
    ]);
  });
});

describe("residuals of hand-built models", () => {
  test("the skip may be either input", () => {
    expect(residuals(topologyOf(functionalModel()))).toEqual([
      { add: "sum", from: "a", branch: "b", skip: "a", kind: "identity" },
    ]);
    expect(found((image) => add("sum", image, conv(image, "branch")))).toMatchObject([
      { branch: "branch", skip: "image" },
    ]);
  });

  test("a skip without a kernel that pools is an identity", () => {
    const blocks = found((image) => {
      const branch = conv(conv(image, "b1", { strides: 2 }), "b2");
      return add("sum", branch, tfl.layers.averagePooling2d({ poolSize: 2, name: "skip" }).apply(image) as Node);
    });
    expect(blocks).toEqual([{ add: "sum", from: "image", branch: "b2", skip: "skip", kind: "identity" }]);
  });

  test("one convolution beside another: the pointwise one is the skip", () => {
    const one = found((image) => add("sum", conv(image, "b"), conv(image, "s", { kernel: 1 })));
    expect(one).toMatchObject([{ branch: "b", skip: "s", kind: "projection" }]);
  });

  test("a branch may fork, as in squeeze-and-excitation, and hold a block of its own", () => {
    const blocks = found((image) => {
      const b1 = conv(image, "b1");
      const gate = tfl.layers
        .reshape({ targetShape: [1, 1, 4], name: "gate" })
        .apply(
          tfl.layers
            .dense({ units: 4, activation: "sigmoid", name: "excite" })
            .apply(tfl.layers.globalAveragePooling2d({ name: "squeeze" }).apply(b1)),
        ) as Node;
      const scaled = tfl.layers.multiply({ name: "scaled" }).apply([b1, gate]) as Node;
      return add("outer", image, add("inner", scaled, conv(scaled, "b2")));
    });
    expect(blocks).toEqual([
      { add: "inner", from: "scaled", branch: "b2", skip: "scaled", kind: "identity" },
      { add: "outer", from: "image", branch: "inner", skip: "image", kind: "identity" },
    ]);
  });

  test("what is no residual block", () => {
    expect(found((image) => add("two_branches", conv(image, "a"), conv(image, "b")))).toEqual([]);
    expect(found((image) => add("deep_both", conv(conv(image, "a1"), "a2"), conv(conv(image, "b1"), "b2")))).toEqual(
      [],
    );
    expect(found((image) => add("three", conv(image, "a"), image, conv(image, "b")))).toEqual([]);
    expect(found((image) => add("twice", image, tfl.layers.reLU({ name: "r" }).apply(image) as Node))).toEqual([]);
  });
});
