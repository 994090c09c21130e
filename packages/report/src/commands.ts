// Commands that go on from a run: what was typed then, for another job.
import type { Report } from "@regimen/core";

/** Flags with a value that say on what data, with what and with which settings: they hold for any job. */
const KEPT = ["--config", "--backend", "--plugin", "--set"];
/** Those that only a search has. */
const SEARCH = ["--budget", "--warm"];
/** Those that change nothing of the result, or that a command here says itself. */
const DROPPED = ["--out", "--seed", "--time", "--workers", "--redis"];
/** Settings of a search, and those that a training has from its policy or that a command here says itself. */
const OF_SEARCH = /^(search\.|training\.epochs=)/;

/**
 * The data and settings of the command that started the run, with what was chosen where they say auto; a placeholder for the data
 * where it was started from code, or with quotes. `search`: all that a search is told too.
 */
function same({ run: { command, chosen } }: Report, search: boolean): string[] {
  const holds = (setting: string): boolean => search || !OF_SEARCH.test(setting);
  const settings = Object.entries(chosen).map(([key, value]) => `${key}=${JSON.stringify(value).replaceAll('"', "")}`);
  const sets = settings.filter(holds).flatMap((setting) => ["--set", setting]);
  const words = (command ?? "").split(/\s+/);
  const job = words.findIndex((word) => ["train", "resume"].includes(word));
  if (command === null || job < 0 || words[job] === "resume" || /["'\\]/.test(command)) return ["DATA", ...sets];
  const kept: string[] = [];
  for (let i = job + 1; i < words.length; i++) {
    const [, word = words[i]!, inside] = /^(--[a-z]+)=(.*)$/.exec(words[i]!) ?? [];
    if ([...KEPT, ...SEARCH, ...DROPPED].includes(word)) {
      const value = inside ?? words[++i] ?? "";
      const wanted = SEARCH.includes(word) ? search : KEPT.includes(word) && (word !== "--set" || holds(value));
      if (wanted) kept.push(word, value);
    } else if (!word.startsWith("-") || (search && word === "--no-baseline")) kept.push(word);
  }
  return [...kept, ...sets];
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

/** Everything again, in a folder of its own. */
export const wholeCommand = (report: Report): string =>
  line(["train", ...same(report, true), "--seed", String(report.run.seed)]);

export const finalCommand = (report: Report): string =>
  line(["fit", ...same(report, false), "--policy", `${place(report)}/policy.json`, "--seed", String(report.run.seed)]);

/** The plain training, of so many epochs. */
export const plainCommand = (report: Report, epochs: number | null, out?: string): string => {
  const { batchSize, learningRate } = report.policy.train;
  const settings = Object.entries({ batchSize, learningRate }).flatMap(([key, v]) =>
    v === undefined ? [] : ["--set", `training.${key}=${v}`],
  );
  const to = out === undefined ? [] : ["--out", out];
  return line([
    "fit",
    ...same(report, false),
    "--policy none",
    ...epochsFlag(epochs),
    ...settings,
    "--seed",
    String(report.run.seed),
    ...to,
  ]);
};

export const seedCommand = (report: Report): string =>
  line(["train", ...same(report, true), "--seed", String(report.run.seed + 1)]);

export const elsewhereCommand = (report: Report): string =>
  line(["evaluate", "--model", place(report), "--data", "OTHER"]);

/** One technique on and off, in whole trainings. */
export const tryCommand = (report: Report, use: string): string => {
  const words = same(report, false);
  // Every flag has a value here. Data or, where they stand in none, the configuration that says them.
  const isFlag = (at: number): boolean => at >= 0 && words[at]!.startsWith("--");
  const named = words.findIndex((_, at) => !isFlag(at) && !isFlag(at - 1));
  const data = named >= 0 ? named : words.indexOf("--config") + 1;
  const more = words.filter((word, at) => at !== data && word !== "--config" && words[at - 1] !== "--config");
  return line(["try", use, "--data", words[data]!, ...more]);
};

/** Two lines: a training, and the report that compares with it. */
export const longerCommands = (report: Report): readonly string[] => {
  const out = `${place(report)}-longer`;
  return [plainCommand(report, equalEpochs(report), out), line(["report", place(report), "--against", out])];
};
export const withoutUnlabeledCommands = (report: Report): readonly string[] => {
  const out = `${place(report)}-labelled`;
  const fit = line([
    "fit",
    ...same(report, false),
    "--policy labelled.json",
    "--seed",
    String(report.run.seed),
    "--out",
    out,
  ]);
  return [fit, line(["report", place(report), "--against", out])];
};
