import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { detect } from "../src/index.ts";
import { detectionLoss } from "../src/loss.ts";
import { batchOf, type Row } from "./fixtures.ts";

const program = ({ map, at, labels, weights }: tf.NamedTensorMap): tf.NamedTensorMap => {
  const bare = batchOf([[], []]);
  const boxes = { at, labels, weights } as unknown as NonNullable<typeof bare.boxes>;
  const loss = (x: tf.Tensor) => tf.sum(detectionLoss(x as tf.Tensor4D, { ...bare, boxes }));
  const { value, grad } = tf.valueAndGrad(loss)(map!);
  return { value, grad, ...detect(map as tf.Tensor4D, bare.shape) };
};
const inputs = (seed: number): tf.NamedTensorMap => {
  const rows: Row[][] = [
    [
      [4, seed, 20, 30, 0, 1],
      [8, 8, 30, 2 + 8 * seed, 1, 0.5],
    ],
    [
      [seed, 2, 30, 30, 1, 1, -1],
      [0, 0, 9, 9, 0, seed % 2],
    ],
  ];
  return { map: tf.randomNormal([2, 4, 6, 6], 0, 2, "float32", seed), ...batchOf(rows).boxes! };
};

it("loss, gradient and suppression read nothing back, and a recording of them gives the same on other boxes", async () => {
  const { record } = await wasm.load();
  await tf.setBackend("wasm");
  const recording = record!(inputs(1), program);
  for (const seed of [2, 3]) {
    const given = inputs(seed);
    const [plain, recorded] = [tf.tidy(() => program(given)), recording.run(given)];
    for (const [name, tensor] of Object.entries(plain))
      expect(recorded[name]!.dataSync(), name).toEqual(tensor.dataSync());
    expect(plain["value"]!.dataSync()[0]).toBeGreaterThan(0);
  }
  recording.dispose();
});
