import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { RegimenError, type DataSpec } from "@regimen/contracts";
import { describePath, findSplits, inspect, type Inspection } from "@regimen/data";
import { stringify } from "yaml";
import { isFolder, splitPlace } from "../config/place.ts";
import { CUT, isFraction } from "../config/settings.ts";
import type { Fraction } from "../config/types.ts";
import type { Console } from "../display/console.ts";
import { count, percent, row, typed } from "../display/style.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../job/folder.ts";

export type InitFlags = { readonly out?: string };
type Part = DataSpec | Fraction;

/** Classes and files that are listed; the others are counted. */
const MOST = 8;

/**
 * Looks at the data and writes a configuration that does what the command line would do with it, with a comment on every
 * line. Errors: REG_RUN_EXISTS, REG_DATA_*.
 */
export async function initCommand(
  io: Io,
  console: Console,
  target: string | undefined,
  flags: InitFlags,
): Promise<void> {
  const file = resolve(io.cwd, flags.out ?? "regimen.yaml");
  const shown = shownPath(file, io.cwd);
  if (existsSync(file))
    throw new RegimenError(
      "REG_RUN_EXISTS",
      `${shown} exists already, and nothing is overwritten; name another file: --out other.yaml`,
    );
  const place = target ?? ".";
  const { format, path } = splitPlace(place, io.cwd);
  // Paths start at the file, wherever it lies.
  const here = resolve(file, "..") === io.cwd ? path : resolve(io.cwd, path);
  const { task = "classification", ...found } =
    format === undefined && isFolder(resolve(io.cwd, path))
      ? await findSplits(here, io.cwd)
      : { train: await describePath(format === undefined ? here : `${format}:${here}`, io.cwd) };
  const onProgress = (done: number, of: number) => console.live(`  looking at ${count(done)} of ${count(of)} images`);
  const inspection = task === "classification" ? await inspect(place, {}, { base: io.cwd, onProgress }) : undefined;
  console.still();
  const parts: Readonly<Record<string, Part>> = { ...CUT, ...found };
  await writeFile(file, configuration(parts, task, inspection));
  console.json({ file, task, splits: Object.keys(parts), inspection: inspection ?? null });
  const { ink } = console;
  for (const line of inspection ? factsOf(inspection) : []) console.say(row(ink, "found", line));
  console.say(row(ink, "written", shown));
  console.say(row(ink, "next", flags.out === undefined ? "regimen train" : `regimen train ${typed(shown)}`));
}

/** What a person should know before the training, a line each. */
function factsOf({ splits, classes, duplicates, unreadable, notes }: Inspection): string[] {
  const names = classes.slice(0, MOST).map(({ name, images }) => `${name} (${count(images)})`);
  const more = classes.length > MOST ? [`and ${count(classes.length - MOST)} more`] : [];
  const smallest = classes.length > 0 ? Math.min(...classes.map(({ images }) => images)) : 0;
  const largest = Math.max(0, ...classes.map(({ images }) => images));
  return [
    ...splits.map(({ name, images, imageShape: [h, w, c] }) => `${name}: ${count(images)} images, ${h}×${w}×${c}`),
    `${count(classes.length)} classes: ${[...names, ...more].join(", ")}`,
    ...(smallest > 0 && largest >= 5 * smallest
      ? [`the smallest class has ${percent(smallest / largest)} of the largest one's images`]
      : []),
    ...(duplicates.within + duplicates.across > 0
      ? [`${count(duplicates.within)} exact copies within splits, ${count(duplicates.across)} between splits`]
      : []),
    ...unreadable.slice(0, MOST).map(({ file, why }) => `left out: ${file}: ${why}`),
    ...(unreadable.length > MOST ? [`and ${count(unreadable.length - MOST)} more files are left out`] : []),
    ...notes,
  ];
}

const flow = (value: unknown): string => stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trim();
/** In a comment, on one line whatever the data's names hold. */
const comment = (text: string): string => `# ${text.replaceAll(/\s+/g, " ")}`;

const ABOUT: Readonly<Record<string, string>> = {
  train: "what is learnt from; path may be a list; limit: the first n",
  validation: "what the search decides on",
  test: "what the report measures; nothing else looks at it",
  unlabeled: "images without labels, to learn from as well",
};

function configuration(
  parts: Readonly<Record<string, Part>>,
  task: string,
  inspection: Inspection | undefined,
): string {
  const lines = Object.entries(parts).map(([name, part]) => {
    const cut = isFraction(part as Fraction) ? "; cut off the training images, class by class" : "";
    return `  ${name}: ${flow(part)} # ${ABOUT[name]}${cut}`;
  });
  return `# yaml-language-server: $schema=./node_modules/@regimen/cli/assets/regimen.schema.json
# regimen train reads this file. What says auto is chosen by what fits the time (--time, 30 minutes unless told).
${(inspection ? factsOf(inspection) : []).map((line) => `${comment(line)}\n`).join("")}
task: ${task}
data:
${["train", "validation", "test", "unlabeled"].flatMap((name) => lines.filter((line) => line.startsWith(`  ${name}:`))).join("\n")}
${"unlabeled" in parts ? "" : `  # unlabeled: ./more # ${ABOUT["unlabeled"]}\n`}  # synthetic: [{ path: ./rendered, ratio: auto }] # images that you made; auto: the search finds how many, if any
  image: { size: auto, fit: cover } # size: auto, a side in pixels, or [height, width]; fit: cover, contain or stretch
model: { architecture: auto } # or small-cnn, resnet20v2, resnet18, …; or your own: { path: ./model.json, weights: keep }
# plugins: ["@regimen/technique-mixup", ./mine.mjs] # where techniques are named, no others are used
search:
  metalearner: default # a name, { sequence: [ … ] }, or ./file.mjs
  budget: 1 # what the search may cost, in plain runs
  # space: { "@regimen/technique-augment/mirror": false, "@regimen/technique-mixup": { alpha: 0.2 } } # never; fixed
training: { epochs: auto, batchSize: auto, learningRate: auto, optimizer: auto, schedule: auto } # a number or name: not searched
seed: 7 # the same seed gives the same run
`;
}
