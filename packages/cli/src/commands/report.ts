import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RegimenError, type Report } from "@regimen/contracts";
import { chartPng, headline, renderReport, reportCharts } from "@regimen/report";
import type { Console } from "../display/console.ts";
import { row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { reportAgainst } from "../job/against.ts";
import { rewriteReport } from "../job/augmented.ts";
import { readJson, shownPath } from "../job/folder.ts";

type ReportFlags = { readonly out?: string; readonly charts?: string; readonly against?: string };

export async function reportCommand(io: Io, console: Console, run: string, flags: ReportFlags): Promise<void> {
  const folder = resolve(io.cwd, run);
  const given = readJson(join(folder, "report.json"), () => {
    throw new RegimenError(
      "REG_RUN_MISSING",
      `${shownPath(folder, io.cwd)} has no report.json; name the folder of a finished regimen train (an unfinished one: regimen resume ${run})`,
    );
  }) as Report;
  const report = flags.against === undefined ? given : reportAgainst(given, folder, resolve(io.cwd, flags.against));
  if (report !== given) rewriteReport(folder, report);
  const page = resolve(io.cwd, flags.out ?? join(folder, "report.html"));
  writeFileSync(page, renderReport(report));
  const charts = flags.charts === undefined ? [] : await writeCharts(report, resolve(io.cwd, flags.charts));
  console.json({ report: page, charts });
  console.say(row(console.ink, "answer", headline(report)));
  console.say(row(console.ink, "report", shownPath(page, io.cwd)));
  if (charts.length > 0)
    console.say(
      row(console.ink, "charts", `${charts.length} files in ${shownPath(resolve(io.cwd, flags.charts!), io.cwd)}`),
    );
}

async function writeCharts(report: Report, folder: string): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const written: string[] = [];
  for (const { name, svg } of reportCharts(report)) {
    for (const [ending, content] of [
      ["svg", svg],
      ["png", await chartPng(svg)],
    ] as const) {
      const file = join(folder, `${name}.${ending}`);
      writeFileSync(file, content);
      written.push(file);
    }
  }
  return written;
}
