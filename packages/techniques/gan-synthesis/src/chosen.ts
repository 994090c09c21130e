import { RegimenError, classesOf, nearest, type Source } from "@regimen/core";

/** A class with fewer images than this share of the average class is rare. */
const RARE = 0.5;

/**
 * The numbers of the classes that `said` means: "all" that have images, the "rare" ones (fewer than half as many images as
 * the average class; all, where none is), or names with commas between. Errors: REG_PARAM for a name that is no class.
 */
export function chosenClasses(said: string, data: Source): readonly number[] {
  const counts = new Array<number>(data.classes.length).fill(0);
  for (const label of classesOf(data)) if (label >= 0) counts[label]! += 1;
  const present = [...counts.keys()].filter((label) => counts[label]! > 0);
  if (said === "all") return present;
  if (said === "rare") {
    const average = counts.reduce((sum, count) => sum + count, 0) / present.length;
    const rare = present.filter((label) => counts[label]! < RARE * average);
    return rare.length ? rare : present;
  }
  const names = said.split(",").map((name) => name.trim());
  return names.map((name) => {
    const label = data.classes.indexOf(name);
    if (label >= 0 && counts[label]! > 0) return label;
    const near = nearest(name, data.classes);
    throw new RegimenError(
      "REG_PARAM",
      `@regimen/technique-gan-synthesis: classes names "${name}", which ${label < 0 ? "is no class" : "has no image"}; ${near && label < 0 ? `the nearest is "${near}"` : `expected "all", "rare", or some of ${data.classes.join(", ")}`}`,
    );
  });
}

/** `count` examples of these classes in turns, each one again only when its class has no other left. */
export function repeated(data: Source, chosen: readonly number[], count: number): Source {
  const labels = classesOf(data);
  const rows = chosen.map((label) => [...labels.keys()].filter((row) => labels[row] === label));
  return data.subset(
    Array.from({ length: count }, (_, at) => {
      const own = rows[at % chosen.length]!;
      return own[Math.floor(at / chosen.length) % own.length]!;
    }),
  );
}

/** The rows of these classes, each class as likely as the others. */
export function rowsOf(data: Source, chosen: readonly number[]): Source {
  const labels = classesOf(data);
  const rows = [...labels.keys()].filter((row) => chosen.includes(labels[row]!));
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(labels[row]!, (counts.get(labels[row]!) ?? 0) + 1);
  const subset = data.subset(rows);
  const even = new Set(counts.values()).size === 1;
  return even ? subset : subset.weighted(Float32Array.from(rows, (row) => 1 / counts.get(labels[row]!)!));
}
