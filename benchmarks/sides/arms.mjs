// One training for each arm and seed, one line of a file for each: what the file holds is not trained again.
import { addRow, rowsIn } from "./results.mjs";

/** The arms that were asked for: all, or those of a list of names with semicolons between. Errors: a name that there is not. */
export function armsOf(all, asked) {
  if (asked === undefined) return all;
  const names = asked.split(";").map((name) => name.trim());
  const unknown = names.find((name) => !all.some(({ arm }) => arm === name));
  if (unknown !== undefined)
    throw new Error(`there is no arm "${unknown}"; there are ${all.map(({ arm }) => arm).join("; ")}`);
  return all.filter(({ arm }) => names.includes(arm));
}

/**
 * `measure(one, seed)` gives what a line has beside arm, seed and `size`; what it throws is kept as `failed`. `told`: a line in words.
 */
export async function eachArm({ file, arms, seeds, size, told }, measure) {
  const same = (row) => Object.keys(size).every((key) => row[key] === size[key]);
  for (let seed = 1; seed <= seeds; seed++)
    for (const one of arms) {
      if (rowsIn(file).some((row) => same(row) && row.arm === one.arm && row.seed === seed)) continue;
      const started = performance.now();
      const row = { arm: one.arm, seed, ...size };
      try {
        Object.assign(row, await measure(one, seed));
      } catch (error) {
        row.failed = error.message;
      }
      row.seconds = (performance.now() - started) / 1000;
      addRow(file, row);
      console.log(`${one.arm}, seed ${seed}: ${row.failed ?? told(row)}, ${row.seconds.toFixed(0)} s`);
    }
}

/** Rows of one size together, in the order in which the sizes came. */
export function bySize(rows, keys) {
  const groups = new Map();
  for (const row of rows) {
    const key = keys.map((name) => row[name]).join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** A table in Markdown: `head`, then `lines` of cells. */
export const markdown = (head, lines) =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
