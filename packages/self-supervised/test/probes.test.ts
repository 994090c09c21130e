import { createRng, source, type Run, type Samples } from "@regimen/core";
import { describe, expect, it } from "vitest";
import golden from "./golden/probe.json" with { type: "json" };
import { linearProbe, nearestNeighbours, probeModel, type Features } from "../src/index.ts";

const { classes, width, penalty, k, temperature } = golden;
const of = ({ values, labels }: { values: number[]; labels: number[] }): Features => ({
  values: Float32Array.from(values),
  width,
  labels,
});
const [train, test] = [of(golden.train), of(golden.test)];

describe("linearProbe", () => {
  it("is the logistic regression that PyTorch finds", () => {
    const { error, loss } = linearProbe(train, test, classes, { penalty });
    expect(loss).toBeCloseTo(golden.loss, 4);
    expect(error).toBeCloseTo(golden.error, 10);
  });

  it("passes over rows without a label, and refuses to judge where none has one", () => {
    const more: Features = {
      values: Float32Array.from([...golden.train.values, ...Array<number>(2 * width).fill(1e6)]),
      width,
      labels: [...golden.train.labels, -1, -1],
    };
    expect(linearProbe(more, test, classes, { penalty })).toEqual(linearProbe(train, test, classes, { penalty }));
    const none = { ...test, labels: golden.test.labels.map(() => -1) };
    expect(() => linearProbe(train, none, classes)).toThrow(/REG_DATA_EMPTY/);
    expect(() => linearProbe(train, { ...test, width: 3 }, classes)).toThrow(/REG_DATA_MISMATCH/);
  });

  it("is perfect on what a plane separates, at chance on noise, and finite for a feature that never varies", () => {
    const rng = createRng(1);
    const labels = Array.from({ length: 300 }, (_, i) => i % 2);
    const features = (signal: number): Features => ({
      values: Float32Array.from(
        labels.flatMap((label) => [signal * (2 * label - 1) + 0.1 * rng.normal(), rng.normal(), 7]),
      ),
      width: 3,
      labels,
    });
    expect(linearProbe(features(1), features(1), 2).error).toBe(0);
    expect(Math.abs(linearProbe(features(0), features(0), 2).error - 0.5)).toBeLessThan(0.1);
  });
});

describe("nearestNeighbours", () => {
  it("is the vote that PyTorch counts", () => {
    expect(nearestNeighbours(train, test, classes, { k, temperature }).error).toBeCloseTo(golden.neighbours, 10);
  });

  it("finds each image among others of its direction, whatever their length", () => {
    const bank: Features = { values: Float32Array.of(1, 0, 0, 1, -1, 0), width: 2, labels: [0, 1, 2] };
    const asked: Features = { values: Float32Array.of(9, 1, 0.1, 5, -3, 0.2, 0, 0), width: 2, labels: [0, 1, 2, -1] };
    expect(nearestNeighbours(bank, asked, 3, { k: 1 }).error).toBe(0);
    expect(nearestNeighbours(bank, asked, 3, { k: 20 }).error).toBe(0);
  });
});

describe("probeModel", () => {
  it("looks at the features of training and validation images, with their labels", async () => {
    const split = (name: string, features: Features) => {
      const rows = features.labels.length;
      const labels = new Float32Array(rows * classes);
      Array.from(features.labels).forEach((label, row) => (labels[row * classes + label] = 1));
      const samples = {
        name,
        length: rows,
        format: { h: 1, w: 1, c: 1, range: [0, 1] },
        classes: ["a", "b", "c"],
        skipped: [],
        labels: () => labels,
        id: String,
        read: async () => ({ images: new Float32Array(rows) }),
        dispose: () => undefined,
      } satisfies Samples as Samples;
      return [source(samples), features] as const;
    };
    const parts = { train: split("train", train), validation: split("validation", test) };
    const asked: string[] = [];
    const run = {
      data: { train: parts.train[0], validation: parts.validation[0] },
      table: async (name: string, _: unknown, on: unknown) => {
        asked.push(name);
        const [, { values }] = on === parts.train[0] ? parts.train : parts.validation;
        return { rows: values.length / width, columns: { features: { width, values } } };
      },
    } as unknown as Run;
    const worth = await probeModel(run, undefined as never, "here");
    expect(asked).toEqual(["here/train", "here/validation"]);
    expect(worth).toEqual({
      probe: linearProbe(train, test, classes).error,
      neighbours: nearestNeighbours(train, test, classes).error,
    });
  });
});
