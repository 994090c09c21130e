// Spoilt files of every format, seeded: an error with a code, a recorded skip, or a valid result. `node benchmarks/fuzz.mjs` tries
// many more, each format in a process of its own; `--case` there runs again what failed here.
import { describe, expect, it } from "vitest";
// @ts-expect-error: JavaScript without types, as all of benchmarks/
import { FORMATS, run } from "../benchmarks/fuzz/case.mjs";

const SEED = 15;
const CASES = 24;

describe("spoilt files", () => {
  it.each(FORMATS as string[])("%s", async (format) => {
    const wrong: string[] = [];
    const outcomes: string[] = [];
    for (let index = 0; index < CASES; index++) {
      const told = (await run(format, SEED, index)) as { readonly outcome: string; readonly wrong?: string };
      outcomes.push(told.outcome);
      if (told.wrong) wrong.push(`--format "${format}" --seed ${SEED} --case ${index}: ${told.wrong}`);
    }
    expect(wrong).toEqual([]);
    // The first is not spoilt: it is there that the seeds are good, and that some spoiling is found.
    expect(outcomes[0]).toBe("valid");
    expect(outcomes.some((outcome) => outcome !== "valid")).toBe(true);
  });
});
