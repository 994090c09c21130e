import type { Regimen } from "@regimen/core";
import type { Console } from "../display/console.ts";
import { about, count, row, type Paint } from "../display/style.ts";
import type { Loaded } from "../plugins/load.ts";
import type { Plan } from "./types.ts";

/** `label      value` for each thing that a person may want to stop the job for. */
export function planLines(
  plan: Plan,
  loaded: readonly Loaded[],
  folder: string,
  paint: Paint,
  now = new Date(),
): string[] {
  const { data, model, training, search, backend, imagesPerSecond, seconds, chosen } = plan;
  const reduced = chosen.side === null ? "" : " (larger would not fit the time)";
  const [h, w, c] = data.imageShape;
  const { splits } = data;
  const parts = [
    `${count(splits.train)} train`,
    `${count(splits.validation)} validation`,
    splits.test === null ? "no test split" : `${count(splits.test)} test`,
    ...(splits.unlabeled === null ? [] : [`${count(splits.unlabeled)} unlabelled`]),
    ...(splits.synthetic === null ? [] : [`${count(splits.synthetic)} synthetic`]),
  ];
  const lines: [string, string][] = [
    ["data", `${data.name} · ${data.classes.length} classes · ${h}×${w}×${c}${reduced}`],
    ["splits", parts.join(" · ")],
    ...data.notes.map((note): [string, string] => ["note", note]),
    ["model", `${model.name} · ${count(model.parameters)} parameters`],
    ["training", trainingWords(training)],
    ...(plan.policy === null ? [] : [["policy", plan.policy] as [string, string]]),
    ...(search === null ? [] : [["search", searchWords(search)] as [string, string]]),
    [
      "backend",
      [backend.name, backend.device, backend.device.includes(backend.version) ? "" : backend.version]
        .filter(Boolean)
        .join(" · "),
    ],
    ["plug-ins", pluginWords(loaded)],
    ...(seconds === null || imagesPerSecond === null
      ? []
      : [["time", timeWords(seconds, imagesPerSecond, now)] as [string, string]]),
    ["folder", folder],
  ];
  return lines.map(([label, value]) => row(paint, label, value));
}

/** With a space that no line breaks at. */
const plural = (n: number, one: string, more = `${one}s`): string => `${n}\u00a0${n === 1 ? one : more}`;

function trainingWords(training: Plan["training"]): string {
  const { epochs = "auto", batchSize, learningRate, optimizer, schedule } = training;
  const set = (name: string, value: number | string | undefined) =>
    value === undefined || value === "auto" ? [] : [`${name} ${value}`];
  const said = [
    ...set("batch", batchSize),
    ...set("rate", learningRate),
    ...set("by", optimizer),
    ...set("schedule", schedule),
  ];
  return [
    typeof epochs === "number" ? plural(epochs, "epoch") : "epochs auto",
    ...(said.length > 0 ? said : ["all else auto"]),
  ].join(" · ");
}

function searchWords({ metalearner, budget, techniques }: NonNullable<Plan["search"]>): string {
  const learner = metalearner === "default" ? "default metalearner" : metalearner;
  return `${learner} · budget ${plural(budget, "plain run")} · ${plural(techniques.length, "technique")}`;
}

/** "6 technique packages (augment, cutmix, …), 2 metalearners, 3 backends, …". */
function pluginWords(loaded: readonly Loaded[]): string {
  const kinds = [...new Set(loaded.map(({ kind }) => kind))].sort(
    (a, b) => Number(b === "technique") - Number(a === "technique"),
  );
  const groups = kinds.map((kind) => {
    const names = loaded
      .filter((one) => one.kind === kind)
      .map(({ plugin }) => plugin.name.replace(/^@regimen\/(technique|metalearner|backend|scaffold)-/, ""));
    return kind === "technique" ? names.join(", ") : plural(names.length, kind);
  });
  return groups.join(" · ");
}

function timeWords(seconds: number, imagesPerSecond: number, now: Date): string {
  const end = new Date(now.getTime() + 1000 * seconds);
  const day =
    end.toDateString() === now.toDateString()
      ? ""
      : `${end.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, `;
  const at = `${String(end.getHours()).padStart(2, "0")}:${String(end.getMinutes()).padStart(2, "0")}`;
  return `${about(seconds)}, until ${day}${at} (measured: ${count(imagesPerSecond)} images/s)`;
}

export function showPlan(console: Console, lines: readonly string[], version: string): void {
  console.note(`\n${console.paint("bold", "regimen")} ${console.paint("dim", version)}\n`);
  for (const line of lines) console.note(line);
  console.note("");
}

/** Techniques that a search may use: all that are registered, less those that the space says are never used. */
export const searched = (registered: Regimen["registered"], space: Readonly<Record<string, unknown>>): string[] =>
  registered.techniques.map(({ name }) => name).filter((name) => space[name] !== false);
