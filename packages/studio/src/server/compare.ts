import { createHash } from "node:crypto";
import { parse } from "csv-parse/sync";
import { mcnemar, pairedCounts, pairedInterval, verdict } from "@regimen/stats";
import type { Compared } from "../view.ts";
import type { Run } from "./run.ts";
import { textIn } from "./place.ts";

type Answers = ReadonlyMap<string, { readonly label: string; readonly right: boolean }>;

/** Runs side by side: what may be compared, and each with the first on the images that both answered. */
export function compare(runs: readonly Run[]): Compared {
  const details = runs.map((run) => run.details());
  const answers = runs.map(answersOf);
  const [first] = answers;
  return {
    runs: details,
    cautions: cautionsOf(details, answers),
    paired: runs.flatMap((run, i) => {
      const own = answers[i];
      return i === 0 || !first || !own || keyOf(own) !== keyOf(first) ? [] : [{ id: run.id, ...pair(first, own) }];
    }),
  };
}

function pair(first: Answers, own: Answers): Omit<Compared["paired"][number], "id"> {
  const wrong = (of: Answers) => [...first.keys()].map((id) => !of.get(id)!.right);
  const [before, after] = [wrong(first), wrong(own)];
  const { fixed, broken, images } = pairedCounts(before, after);
  const baselineError = before.filter(Boolean).length / Math.max(1, images);
  return {
    images,
    fixed,
    broken,
    interval: pairedInterval(before, after),
    p: mcnemar(fixed, broken),
    verdict: verdict({ fixed, broken, images, baselineError }),
  };
}

function cautionsOf(runs: Compared["runs"], answers: readonly (Answers | null)[]): string[] {
  const sets = new Set(runs.map(({ card }) => card.dataset));
  const known = answers.flatMap((each) => (each ? [keyOf(each)] : []));
  const unfinished = runs.filter(({ card }) => card.answer === null).map(({ card }) => card.id);
  return [
    ...(sets.size > 1 ? ["These runs used different data sets: their errors cannot be held against each other."] : []),
    ...(sets.size === 1 && new Set(known).size > 1
      ? ["Their test images differ: part of any difference is the luck of the images."]
      : []),
    ...(unfinished.length > 0 ? [`Not finished, so without an error on test images: ${unfinished.join(", ")}.`] : []),
  ];
}

/** Right or wrong for each test image; null where the run has no such table, or one that cannot be read. */
function answersOf({ folder }: Run): Answers | null {
  try {
    const [head, ...rows] = parse(textIn(folder, "predictions.csv") ?? "") as string[][];
    const [id, label, predicted] = ["id", "label", "predicted"].map((name) => head?.indexOf(name) ?? -1) as [
      number,
      number,
      number,
    ];
    if (id < 0 || label < 0 || predicted < 0) return null;
    const labelled = rows.filter((row) => row[label]);
    const answers = new Map(
      labelled.map((row) => [row[id]!, { label: row[label]!, right: row[label] === row[predicted] }]),
    );
    return answers.size > 0 && answers.size === labelled.length ? answers : null;
  } catch {
    return null;
  }
}

/** The same for the same labelled images, in whatever order. */
function keyOf(answers: Answers): string {
  const hash = createHash("sha256");
  for (const [id, { label }] of [...answers].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(JSON.stringify([id, label]));
  return hash.digest("hex");
}
