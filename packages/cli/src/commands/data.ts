import { inspect, type Inspection } from "@regimen/data";
import { absoluteIfPath, splitPlace } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { WIDTH, bar, count, percent, row, wrap } from "../display/style.ts";
import type { Io } from "../io.ts";
import { inventory } from "../plugins/inventory.ts";
import { loadPlugins } from "../plugins/load.ts";

type DataFlags = { readonly data: string; readonly plugin?: readonly string[] };

/** At most so many classes and files, and pairs of copies, are listed for a person; `--json` has them all. */
const MOST = 20;
const PAIRS = 6;

export async function dataCommand(io: Io, console: Console, flags: DataFlags): Promise<void> {
  const onProgress = (done: number, of: number) => console.live(`  looking at ${count(done)} of ${count(of)} images`);
  const how = { base: io.cwd, onProgress };
  const { format, path } = splitPlace(flags.data, io.cwd);
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["reader"],
  );
  // A format of somebody else's: `inspect` itself knows only those that come with it.
  const reader = inventory(loaded.map(({ plugin }) => plugin)).readers.find(({ name }) => name === format);
  const opened =
    reader && format !== undefined ? await reader.open({ format, path }, { base: io.cwd, fit: "cover" }) : undefined;
  try {
    const inspection = await inspect(opened ?? flags.data, {}, how);
    console.json(inspection);
    tell(inspection, console);
  } finally {
    opened?.dispose();
  }
}

function tell(inspection: Inspection, console: Console): void {
  const { ink } = console;
  const say = (label: string, value: string) => console.say(row(ink, label, value));
  for (const split of inspection.splits) {
    const [h, w, c] = split.imageShape;
    const sizes =
      split.sizesFound !== null && split.sizesFound > 1 ? ` (${count(split.sizesFound)} sizes in the files)` : "";
    const parts = [`${count(split.images)} images`, `${h}×${w}×${c}${sizes}`];
    if (split.unlabelled > 0) parts.push(`${count(split.unlabelled)} without a label`);
    if (split.unreadable > 0) parts.push(`${count(split.unreadable)} unreadable`);
    say(split.name, parts.join(" · "));
  }
  tellClasses(inspection, console);
  const copies = ({ within, across, conflicting }: Inspection["duplicates"]) =>
    `${count(within)} within splits · ${count(across)} between splits${conflicting > 0 ? ` · ${count(conflicting)} with another label` : ""}`;
  console.say("");
  say("copies", copies(inspection.duplicates));
  say("near copies", `${copies(inspection.nearDuplicates)} (a guess)`);
  for (const { images } of [...inspection.duplicates.examples, ...inspection.nearDuplicates.examples].slice(0, PAIRS)) {
    const told = images.map(({ split, id, class: name }) => `${id} (${split}${name === null ? "" : `, ${name}`})`);
    console.say(
      wrap(`    ${told.join(" = ")}`, WIDTH, 6)
        .map((line) => ink("dim", line))
        .join("\n"),
    );
  }
  for (const { file, why } of inspection.unreadable.slice(0, MOST)) say("unreadable", `${file}: ${why}`);
  for (const note of inspection.notes) say("note", note);
}

function tellClasses({ classes }: Inspection, console: Console): void {
  const width = Math.min(28, Math.max(5, ...classes.map(({ name }) => name.length)));
  if (classes.length === 0) return;
  const most = Math.max(...classes.map(({ images }) => images), 1);
  console.say("");
  for (const { name, images, share } of classes.slice(0, MOST)) {
    const figures = `${count(images).padStart(9)}  ${percent(share).padStart(6)}`;
    console.say(`  ${name.slice(0, width).padEnd(width)} ${figures}  ${console.ink("dim", bar(images / most, 24))}`);
  }
  if (classes.length > MOST) console.say(`  and ${count(classes.length - MOST)} more`);
}
