// Commands that go on from a run: what was typed then, for another job.
import type { Report } from "@regimen/core";

const KEPT = ["--config", "--backend", "--plugin", "--set"];
const DROPPED = ["--out", "--seed", "--budget", "--time"];

/** The data and settings of the command that started the run; a placeholder where it was started from code, or with quotes. */
function same({ run: { command } }: Report): string[] {
  const words = (command ?? "").split(/\s+/);
  const job = words.findIndex((word) => ["train", "resume"].includes(word));
  if (command === null || job < 0 || words[job] === "resume" || /["'\\]/.test(command)) return ["DATA"];
  const kept: string[] = [];
  for (let i = job + 1; i < words.length; i++) {
    const word = words[i]!;
    const next = words[i + 1] ?? "";
    if (KEPT.includes(word)) {
      if (!/^(search\.|training\.epochs)/.test(next)) kept.push(word, next);
      i++;
    } else if (DROPPED.includes(word)) i++;
    else if (KEPT.some((flag) => word.startsWith(`${flag}=`)) || !word.startsWith("-")) kept.push(word);
  }
  return kept;
}

const line = (words: readonly string[]): string => ["npx regimen", ...words].join(" ");
const place = ({ run: { folder } }: Report): string => folder ?? "RUN";

/** Epochs of a plain run, and of one that costs as much as search and final training; null where that is not known. */
export const plainEpochs = ({ search: { cost }, dataset: { splits } }: Report): number | null =>
  splits.train > 0 && cost.plainRunImages > 0 ? cost.plainRunImages / splits.train : null;
function equalEpochs(report: Report): number | null {
  const [one, over] = [plainEpochs(report), report.search.cost.totalOverBaseline];
  return one === null || over === null ? null : one * over;
}
/** Whole ones: the command line takes no others. */
const epochsFlag = (epochs: number | null): string[] =>
  epochs === null ? [] : ["--set", `training.epochs=${Math.max(1, Math.round(epochs))}`];

export const finalCommand = (report: Report): string =>
  line(["fit", ...same(report), "--policy", `${place(report)}/policy.json`, "--seed", String(report.run.seed)]);

/** The plain training, of so many epochs. */
export const plainCommand = (report: Report, epochs: number | null, out?: string): string => {
  const { batchSize, learningRate } = report.policy.train;
  const settings = Object.entries({ batchSize, learningRate }).flatMap(([key, v]) =>
    v === undefined ? [] : ["--set", `training.${key}=${v}`],
  );
  const to = out === undefined ? [] : ["--out", out];
  return line([
    "fit",
    ...same(report),
    "--policy none",
    ...epochsFlag(epochs),
    ...settings,
    "--seed",
    String(report.run.seed),
    ...to,
  ]);
};

export const seedCommand = (report: Report): string =>
  line(["train", ...same(report), "--seed", String(report.run.seed + 1)]);

export const elsewhereCommand = (report: Report): string =>
  line(["evaluate", "--model", place(report), "--data", "OTHER"]);

/** Two lines: a training, and the report that compares with it. */
export const longerCommands = (report: Report): readonly string[] => {
  const out = `${place(report)}-longer`;
  return [plainCommand(report, equalEpochs(report), out), line(["report", place(report), "--against", out])];
};
export const withoutUnlabeledCommands = (report: Report): readonly string[] => {
  const out = `${place(report)}-labelled`;
  const fit = line(["fit", ...same(report), "--policy labelled.json", "--seed", String(report.run.seed), "--out", out]);
  return [fit, line(["report", place(report), "--against", out])];
};
