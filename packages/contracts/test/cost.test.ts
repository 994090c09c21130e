import { expect, it } from "vitest";
import { RegimenError, addCost, imagesSeen, minusCost, nearest, scaleCost, zeroCost } from "@regimen/contracts";

const [a, b] = [
  { trained: 100, inferred: 30, seconds: 2 },
  { trained: 10, inferred: 60, seconds: 1 },
];

it("adds, subtracts and scales costs, and counts a forward pass as a third", () => {
  expect(addCost(a, b)).toEqual({ trained: 110, inferred: 90, seconds: 3 });
  expect(minusCost(addCost(a, b), b)).toEqual(a);
  expect(scaleCost(a, 0.5)).toEqual({ trained: 50, inferred: 15, seconds: 1 });
  expect([a, b, zeroCost].map(imagesSeen)).toEqual([110, 30, 0]);
});

it("guesses a slip, and nothing where nothing is near", () => {
  expect(nearest("cutmx", ["mixup", "cutmix"])).toBe("cutmix");
  expect(nearest("EPOCHS", ["epochs", "seed"])).toBe("epochs");
  expect(nearest("dropout", ["mixup", "sgd"])).toBeUndefined();
  expect(nearest("x", [])).toBeUndefined();
});

it("an error has its code in front, and says whether the user can mend it", () => {
  const cause = new Error("ENOSPC");
  expect(new RegimenError("REG_PARAM", "m is 2")).toMatchObject({
    message: "REG_PARAM: m is 2",
    code: "REG_PARAM",
    input: true,
  });
  expect(new RegimenError("REG_DISK", "full", { cause })).toMatchObject({ input: false, cause });
  expect(new RegimenError("REG_DISK", "full", { input: true }).input).toBe(true);
});
