import "@tensorflow/tfjs-backend-cpu";
import { wasm } from "@regimen/backend-wasm";
import { createRng } from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { detect, suppress } from "../src/detections.ts";
import { overlapOf } from "../src/coco.ts";

type Found = { at: number[]; class: number; score: number };

/** Greedy suppression as it is told in words. */
function slowly(all: readonly Found[]): Found[] {
  const left = all.filter(({ score }) => score >= 0.01).sort((a, b) => b.score - a.score);
  const kept: Found[] = [];
  while (left.length && kept.length < 100) {
    const best = left.shift()!;
    kept.push(best);
    for (let i = left.length - 1; i >= 0; i--)
      if (left[i]!.class === best.class && overlapOf(left[i]!.at, best.at) > 0.6) left.splice(i, 1);
  }
  return kept;
}

function crowd(seed: number, count: number): Found[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    const [y, x] = [Math.fround(rng.uniform() * 30), Math.fround(rng.uniform() * 30)];
    const at = [y, x, y + 10 + 10 * rng.uniform(), x + 10 + 10 * rng.uniform()].map(Math.fround);
    return { at, class: rng.int(3), score: Math.fround(rng.uniform()) };
  });
}

const tensors = (scenes: readonly Found[][]) =>
  [
    tf.tensor3d(scenes.map((scene) => scene.map(({ at }) => at))),
    tf.tensor2d(scenes.map((scene) => scene.map(({ score }) => score))),
    tf.tensor2d(scenes.map((scene) => scene.map((one) => one.class))),
  ] as const;

describe.each(["cpu", "wasm"])("on %s", (backend) => {
  beforeAll(async () => {
    if (backend === "wasm") await wasm.load();
    await tf.setBackend(backend);
  });

  it("suppression keeps what a slow transcription keeps, in its order", () => {
    const scenes = [crowd(1, 150), crowd(2, 150), crowd(3, 150)];
    const { boxes, scores, classes } = tf.tidy(() => suppress(...tensors(scenes)));
    const [at, score, label] = [boxes.arraySync(), scores.arraySync(), classes.arraySync()];
    scenes.forEach((scene, i) => {
      const kept = slowly(scene);
      expect(kept.length).toBeGreaterThan(20);
      kept.forEach((one, j) => {
        expect([score[i]![j], label[i]![j]]).toEqual([one.score, one.class]);
        expect(at[i]![j]).toEqual(one.at);
      });
      expect(score[i]!.slice(kept.length).every((value) => value === 0)).toBe(true);
      expect(label[i]!.slice(kept.length).every((value) => value === -1)).toBe(true);
    });
  });

  it("reads boxes, scores and classes off a map, within the picture", () => {
    const map = tf.tidy(() => {
      const cells = Array.from({ length: 24 }, (_, i) =>
        i === 8 ? [-9, 2, 0, 0, Math.log(2), 0] : i === 0 ? [1, -9, 0, 0, Math.log(3), 0] : [-9, -9, 0, 0, 0, 0],
      );
      return tf.tensor4d(cells.flat(), [1, 4, 6, 6]);
    });
    const found = detect(map, { h: 32, w: 48 });
    expect(found.boxes.shape).toEqual([1, 100, 4]);
    const [boxes, scores] = [found.boxes.arraySync()[0]!, found.scores.arraySync()[0]!];
    [4, 16, 20, 24].forEach((side, i) => expect(boxes[0]![i]).toBeCloseTo(side, 4));
    [0, 0, 16, 8].forEach((side, i) => expect(boxes[1]![i]).toBeCloseTo(side, 4));
    expect(found.classes.arraySync()[0]!.slice(0, 3)).toEqual([1, 0, -1]);
    expect(scores[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 5);
    expect(scores[2]).toBe(0);
  });
});
