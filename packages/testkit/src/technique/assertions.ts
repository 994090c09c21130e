import assert from "node:assert/strict";
import type { Fragment } from "@regimen/core";
import { difference, type Bench, type Column, type Columns, type Outcome } from "./bench.ts";
import type { Canary, Trace } from "./canaries.ts";
import { SHAPE } from "./world.ts";

/** `found`: the first difference, if there is one. */
export const equal = (found: string | undefined, what: string): void =>
  assert.ok(found === undefined, `${what}: ${found}`);

export function sameForm(expected: Columns, got: Columns, where: string): void {
  for (const [key, column] of Object.entries(expected)) {
    const found = got[key];
    assert.ok(found, `${where}, ${key} is missing`);
    assert.deepEqual(found.shape, column.shape, `${where}, ${key} has another shape`);
    assert.equal(found.dtype, column.dtype, `${where}, ${key} has another type`);
  }
}

export function finite(columns: Columns, at: string): void {
  for (const [key, { values }] of Object.entries(columns)) {
    const wrong = values.findIndex((value) => !Number.isFinite(value));
    assert.ok(wrong < 0, `at ${at}, ${key}[${wrong}] is ${values[wrong]}`);
  }
}

const rows = ({ values, shape }: Column): readonly (readonly number[])[] => {
  const width = shape.at(-1)!;
  return Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);
};
const SLACK = 1e-4;

export function assertMeaning(after: Columns, before: Columns, task: string): void {
  const shares = ["labels", "boxes.labels"].flatMap((key) =>
    after[key] ? rows(after[key]).map((row) => [key, row] as const) : [],
  );
  for (const [key, row] of shares) {
    const sum = row.reduce((a, b) => a + b, 0);
    assert.ok(
      row.every((share) => share >= -SLACK && share <= 1 + SLACK),
      `${key} has the row ${row.join(", ")}`,
    );
    // An example without a label has zeros, and may be mixed with one that has a label.
    if (task !== "multilabel_classification") assert.ok(sum <= 1 + SLACK, `${key} has a row that sums to ${sum}`);
  }
  if (task === "classification" || task === "binary_classification") {
    const [sums, weights] = [
      rows(after["labels"]!).map((row) => row.reduce((a, b) => a + b, 0)),
      after["weights"]!.values,
    ];
    sums.forEach((sum, i) =>
      assert.ok(
        !(weights[i]! > 0) || Math.abs(sum - 1) < SLACK,
        `the labels of example ${i}, which counts, sum to ${sum}`,
      ),
    );
  }
  assert.ok(
    after["weights"]!.values.every((weight) => weight >= 0),
    "an example has a negative weight",
  );
  const [at, counts] = [rows(after["boxes.at"]!), after["boxes.weights"]!.values];
  at.forEach((box, i) => {
    const [y0, x0, y1, x1] = box as [number, number, number, number];
    if (!(counts[i]! > 0)) return;
    const within =
      y0 >= -SLACK && x0 >= -SLACK && y1 <= SHAPE.h + SLACK && x1 <= SHAPE.w + SLACK && y0 <= y1 && x0 <= x1;
    assert.ok(within, `a box is at ${box.join(", ")}, and the image has ${SHAPE.h} × ${SHAPE.w} pixels`);
  });
  const classes = new Set(before["masks"]!.values);
  const stray = [...after["masks"]!.values].find((value) => !classes.has(value));
  assert.equal(stray, undefined, `the masks hold ${stray}, which is no class`);
}

/** What a canary did must show in what comes out, with the technique as without it. */
export async function assertSurvives(
  canary: Canary,
  alone: Outcome,
  bench: Bench,
  steps: Fragment["steps"],
  seen: number,
): Promise<void> {
  const { technique, trace, slot } = canary;
  if (!trace) return;
  const members = bench.compose([...steps, { use: technique.name, with: {} }], [technique]);
  const both = await bench.steps(members, { steps: seen });
  assert.ok(
    shows(trace, alone, both),
    `what another technique did in the slot ${slot} is lost: it shows in no ${trace}`,
  );
}
function shows(trace: Trace, alone: Outcome, both: Outcome): boolean {
  if (trace === "losses") return alone.losses.some((loss, at) => loss !== both.losses[at]);
  if (trace === "weights" || trace === "averages") return difference(alone[trace], both[trace]) !== undefined;
  return difference({ [trace]: alone.batch[trace]! }, { [trace]: both.batch[trace]! }) !== undefined;
}
