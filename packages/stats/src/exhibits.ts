import type { Evaluation, Exhibit, Line, Report, ReportExhibit } from "@regimen/contracts";

/** Regimen's exhibits with the baseline's values beside them, by their ids and the names of their rows. */
export const exhibitsOf = (before: Evaluation | null, regimen: Evaluation): ReportExhibit[] =>
  (regimen.exhibits ?? []).map((now) =>
    joined(
      before?.exhibits?.find(({ id }) => id === now.id),
      now,
    ),
  );

function joined(then: Exhibit | undefined, now: Exhibit): ReportExhibit {
  const named = <T extends { readonly name: string }>(rows: readonly T[] | undefined, name: string): T | null =>
    rows?.find((row) => row.name === name) ?? null;
  if (now.kind === "bars") {
    const rows = then?.kind === "bars" ? then.rows : undefined;
    return {
      ...now,
      rows: now.rows.map(({ name, count, values }) => ({
        name,
        count,
        baseline: named(rows, name)?.values ?? null,
        regimen: values,
      })),
    };
  }
  const lines = then?.kind === "curves" ? then.lines : undefined;
  const bare = ({ value, points, at }: Line): Line => ({ value, points, at });
  return {
    ...now,
    lines: now.lines.map((line) => {
      const was = named(lines, line.name);
      return { name: line.name, count: line.count, baseline: was && bare(was), regimen: bare(line) };
    }),
  };
}

export const measuresOf = (before: Evaluation | null, regimen: Evaluation): Report["measures"] =>
  Object.entries(regimen.measures ?? {}).map(([name, value]) => ({
    name,
    baseline: before?.measures?.[name] ?? null,
    regimen: value,
  }));
