import { createRng, type Shape } from "@regimen/core";
import { autoAugment, drawPolicy } from "@regimen/image";
import { describe, expect, it } from "vitest";
import plugin, { autoaugment } from "../src/index.ts";

const shape: Shape = { n: 500, h: 32, w: 32, c: 3, range: [0, 255], classes: 2 };
const usual = { policy: "cifar10", rr: 1, without: "" };

describe("autoaugment", () => {
  it("is registered, and draws what the library's function draws", () => {
    const registered: string[] = [];
    plugin.register({ technique: (t: { name: string }) => registered.push(t.name) } as never);
    expect(registered).toEqual(["@regimen/technique-autoaugment"]);
    for (const policy of ["cifar10", "svhn"] as const)
      expect(autoaugment.create({ ...usual, policy }).draw!(createRng(5), shape)).toEqual(
        drawPolicy(autoAugment(policy), createRng(5), shape),
      );
  });

  it("shears digits a third of the time, and photographs of CIFAR-10 seldom", () => {
    const sheared = (policy: string): number => {
      const { warp } = autoaugment.create({ ...usual, policy }).draw!(createRng(1), shape) as { warp: Float32Array };
      const linear = (i: number) => [1, 3].some((k) => warp[8 * i + k] !== 0) && warp[8 * i] === 1;
      return Array.from({ length: shape.n }, (_, i) => i).filter(linear).length / shape.n;
    };
    expect(sheared("svhn")).toBeGreaterThan(0.3);
    expect(sheared("cifar10")).toBeLessThan(0.1);
  });
});
