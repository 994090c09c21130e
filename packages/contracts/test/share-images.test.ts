import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareImages } from "../src/index.ts";

describe("shareImages", () => {
  it("gives whole batches, the remainder to the last", () => {
    expect(shareImages({ images: 1000, batch: 64 }, [1 / 3, 1 / 3, 1 / 3])).toEqual([320, 320, 360]);
    expect(shareImages({ images: 1000, batch: 64 }, [0.5, 0.25])).toEqual([512, 256]);
    expect(shareImages({ images: 100, batch: 64 }, [0.25, 0.25, 0.25, 0.25])).toEqual([0, 64, 0, 36]);
  });

  it("never gives more than there is, nor less than nothing, and all of it where the shares are all of it", () => {
    const plans = fc.record({ images: fc.integer({ min: 1, max: 1e6 }), batch: fc.integer({ min: 1, max: 512 }) });
    const weights = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(plans, weights, fc.double({ min: 0.1, max: 1, noNaN: true }), (plan, parts, of) => {
        const whole = parts.reduce((a, b) => a + b);
        const given = shareImages(
          plan,
          parts.map((part) => (of * part) / whole),
        );
        const sum = given.reduce((a, b) => a + b);
        expect(given.every((images) => images >= 0)).toBe(true);
        expect(sum).toBeLessThanOrEqual(plan.images);
        expect(Math.abs(sum - of * plan.images)).toBeLessThanOrEqual(of > 1 - 1e-6 ? 1 : plan.batch / 2 + 1e-6);
        given.forEach((images, at) => {
          const asked = (of * parts[at]! * plan.images) / whole;
          expect(Math.abs(images - asked)).toBeLessThanOrEqual(plan.batch + 1);
        });
      }),
    );
  });
});
