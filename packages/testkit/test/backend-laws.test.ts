import { readFileSync } from "node:fs";
import type { Backend } from "@regimen/core";
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { GAPS, backendLaws, type BackendLawOptions } from "../src/index.ts";
import { cases } from "../src/backend/cases/index.ts";
import { gapList } from "../src/backend/gap-list.ts";
import { collect, verdict } from "./collect.ts";

/** tfjs' own JavaScript under another name, with some of its kernels broken. */
const BROKEN = "testkit-broken";
const broken: Backend = {
  name: BROKEN,
  rank: 99,
  auto: false,
  async load() {
    await tf.setBackend(BROKEN);
    return { tfjs: BROKEN, version: "0", device: "none" };
  },
};
let leak: tf.Tensor | undefined;

beforeAll(() => {
  tf.registerBackend(BROKEN, () => new MathBackendCPU());
  tf.copyRegisteredKernels("cpu", BROKEN);
  const replace = (kernelName: string, kernelFunc: tf.KernelFunc | undefined): void => {
    tf.unregisterKernel(kernelName, BROKEN);
    if (kernelFunc) tf.registerKernel({ kernelName, backendName: BROKEN, kernelFunc });
  };
  const stock = (name: string): tf.KernelFunc => tf.getKernel(name, "cpu").kernelFunc;
  replace("Relu6", undefined);
  replace("Softplus", undefined);
  replace("Cos", stock("Sin"));
  replace("MaxPoolGrad", (args) => stock("AvgPoolGrad")(args));
  replace("Tanh", (args) => {
    leak = tf.keep(tf.scalar(1));
    return stock("Tanh")(args);
  });
});

const says = (name: string, options: BackendLawOptions = {}): Promise<string | undefined> =>
  verdict(
    collect((runner) => backendLaws(broken, runner, { gaps: GAPS["cpu"]!, ...options })),
    name,
  );

describe("backend laws", () => {
  it("hold for what is right", async () => {
    expect(await says("loads again")).toBeUndefined();
    expect(await says("conv2d stride 2 same, odd")).toBeUndefined();
    expect(await says("avgPool 3×3 same, 3 channels (gradient wrong)")).toBeUndefined();
  });

  it("find kernels that are missing, wrong, or wrong in their gradients, and tensors left behind", async () => {
    expect(await says("relu6")).toMatch(/Kernel 'Relu6' not registered/);
    expect(await says("cos")).toMatch(/its value is not cpu's: \S+ apart/);
    expect(await says("maxPool 2×2, 3 channels")).toMatch(/gradient 0 is \S+ from cpu's/);
    expect(await says("tanh")).toMatch(/leaves \d+ tensors behind/);
    leak?.dispose();
  });

  it("find a gradient that cpu has wrong too, by differences", async () => {
    const { "avgPool 3×3 same, 3 channels": _, ...gaps } = GAPS["cpu"]!;
    expect(await says("avgPool 3×3 same, 3 channels", { gaps })).toMatch(/has the slope \S+, by differences/);
  });

  it("hold a list of gaps to what it says", async () => {
    const gap = (is: (typeof GAPS)[string][string]["is"]) => ({ is, why: "made up" });
    const gaps = { relu: gap("missing"), softplus: gap("missing"), cos: gap("gradient wrong") };
    expect(await says("relu (missing)", { gaps })).toMatch(/listed as missing \(made up\), and is right/);
    expect(await says("softplus (missing)", { gaps })).toBeUndefined();
    expect(await says("cos (gradient wrong)", { gaps })).toMatch(/and is wrong/);
  });

  it("run as many cases as they are asked to", () => {
    const laws = collect((runner) => backendLaws(broken, runner, { only: (name) => name === "relu" }));
    expect([...laws.keys()].filter((name) => cases.some((one) => one.name === name))).toEqual(["relu"]);
  });
});

describe("the list of gaps", () => {
  it("names cases that there are", () => {
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const gaps of Object.values(GAPS)) expect(names).toEqual(expect.arrayContaining(Object.keys(gaps)));
  });

  it("stands in the README", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8").replaceAll(/\s+/g, " ");
    for (const item of gapList()) expect(readme).toContain(item);
  });
});
