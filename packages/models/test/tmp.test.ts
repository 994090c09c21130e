import "@tensorflow/tfjs-backend-cpu";
import { test } from "vitest";
import { resnet34 } from "../src/index.ts";
test("x", () => { const m = resnet34.build({ format: { h: 32, w: 32, c: 3, range: [0, 255] }, classes: 10, seeds: () => 1, with: {} }); console.log("N", m.trainableWeights.reduce((n, w) => n + w.shape.reduce((x: number, y) => x * y!, 1), 0)); });
