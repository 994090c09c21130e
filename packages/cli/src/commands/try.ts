import { RegimenError } from "@regimen/contracts";
import {
  createRng,
  source,
  split,
  type Evaluation,
  type Regimen,
  type Source,
  type Task,
  type Technique,
} from "@regimen/core";
import { absoluteIfPath } from "../config/place.ts";
import type { Override } from "../config/read.ts";
import { readSettings, spellOut } from "../config/settings.ts";
import type { Console } from "../display/console.ts";
import { follow } from "../display/follow.ts";
import { about, count, percent, row } from "../display/style.ts";
import { Interrupted } from "../failures.ts";
import type { Io } from "../io.ts";
import { choose, type Choice } from "../job/choose.ts";
import { compareAll, type Difference, type Pair, type Verdict } from "../job/paired.ts";
import { taskOf } from "../job/task.ts";
import { loadPlugins } from "../plugins/load.ts";

export type TryFlags = {
  readonly data: string;
  readonly seeds: number;
  readonly seed?: number;
  readonly time?: number;
  readonly unlabeled?: string;
  readonly set?: readonly Override[];
  readonly backend?: string;
  readonly plugin?: readonly string[];
};

const USUAL_SECONDS = 10 * 60;
/** Of the training images, held out to judge on: the user's own test split is for the report alone. */
const HELD = 0.25;

/**
 * Trains in pairs of one seed each, plain and with the technique at its defaults, and compares them on images held out of
 * the training split. Nothing is written. Errors: REG_USAGE, REG_PLUGIN_*, REG_POLICY_NEEDS, REG_DATA_*, REG_MODEL_*.
 */
export async function tryCommand(io: Io, console: Console, named: string, flags: TryFlags): Promise<void> {
  const read = readSettings(flags.data, flags, io.cwd, await spellOut(flags.data, flags, io.cwd));
  const task = await taskOf(read);
  const settings = { ...read, config: { ...read.config, task } };
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => stop.abort());
  try {
    const asked = [...settings.plugins, packageOf(absoluteIfPath(named, io.cwd))];
    const loaded = await loadPlugins(io, asked);
    console.live("  starting the backend …");
    const regimen = await io.createRegimen({
      plugins: loaded.map(({ plugin }) => plugin),
      backend: flags.backend ?? "auto",
    });
    try {
      const own = loaded.find(({ from }) => from === asked.at(-1))?.plugin.name ?? named;
      const technique = techniqueOf(regimen, named, own);
      const time = flags.time ?? USUAL_SECONDS;
      const wish = { settings, runs: 2 * flags.seeds * (1 - HELD), time, epochs: undefined, chosen: undefined };
      const choice = await choose(regimen, wish, console, stop.signal);
      try {
        tellPlan(console, technique, choice, flags.seeds);
        const pairs = await trainPairs(regimen, technique, choice, settings.config, flags.seeds, console, stop);
        tell(console, technique, choice, pairs);
      } finally {
        choice.data.dispose();
        choice.model.dispose();
      }
    } finally {
      await regimen.dispose();
    }
  } catch (error) {
    throw stop.signal.aborted ? new Interrupted(undefined) : error;
  } finally {
    unlisten();
  }
}

/** `@you/package/part` is a part of `@you/package`; a path stays. */
const packageOf = (named: string): string => /^(@[^/]+\/[^/]+)\/./.exec(named)?.[1] ?? named;

/** The technique of that name, or the only one of that package. Errors: REG_USAGE. */
function techniqueOf({ registered }: Regimen, named: string, own: string): Technique {
  const exact = registered.techniques.find(({ name }) => name === named);
  const parts = registered.techniques.filter(({ name }) => name === own || name.startsWith(`${own}/`));
  if (exact ?? parts.length === 1) return exact ?? parts[0]!;
  const names = parts.map(({ name }) => name);
  throw new RegimenError(
    "REG_USAGE",
    names.length > 0
      ? `${own} brings several techniques; name one of ${names.join(", ")}`
      : `${named} registers no technique to try`,
  );
}

async function trainPairs(
  regimen: Regimen,
  technique: Technique,
  { data, model, training }: Choice,
  { seed: first, task }: { readonly seed: number; readonly task: Task },
  seeds: number,
  console: Console,
  stop: AbortController,
): Promise<Pair[]> {
  const { train, unlabeled } = data.input as { readonly train: Source; readonly unlabeled?: Source };
  const { rest, taken } = await split(source(train), HELD, createRng(first).fork("try"), "held-out");
  const parts = { train: train.subset(rest), test: train.subset(taken), validation: { fraction: 0.1 } };
  const evaluate = async (seed: number, steps: readonly { use: string; with: object }[]): Promise<Evaluation> => {
    const name = `pair ${seed - first + 1} ${steps.length ? "on" : "off"}`;
    const policy = { steps: steps as { use: string; with: Record<string, never> }[] };
    const input = { ...parts, ...(unlabeled && { unlabeled }) };
    const job = { model: model.input, data: input, task, training, seed, policy, signal: stop.signal };
    const result = await follow(regimen.fit(job), console, name);
    result.model.dispose();
    return result.test!;
  };
  const pairs: Pair[] = [];
  for (let seed = first; seed < first + seeds; seed++) {
    // The technique first: where it cannot be used here, that shows before anything was spent.
    const own = await evaluate(seed, [{ use: technique.name, with: {} }]);
    const plain = await evaluate(seed, []);
    pairs.push({ plain, with: own });
    console.note(
      row(console.paint, `pair ${seed - first + 1}`, `error ${percent(plain.error)} → ${percent(own.error)}`),
    );
  }
  return pairs;
}

function tellPlan(console: Console, technique: Technique, { data, model, training, seconds }: Choice, n: number): void {
  const note = (label: string, value: string) => console.note(row(console.paint, label, value));
  note("technique", `${technique.name} ${technique.version}, at its defaults`);
  note("data", `${data.plan.name} · ${count(data.train.length)} images, a quarter of them held out to judge on`);
  note("trainings", `${n} pairs of ${model.name} · ${training.epochs} epochs each`);
  if (seconds !== null) note("time", `${about(seconds)}, where the technique costs no more than plain training`);
}

const WORDS: Readonly<Record<Verdict, string>> = {
  helps: "it helps here, by more than chance",
  hurts: "it hurts here, by more than chance",
  "no-difference": "no difference that these images and seeds could show",
};

function tell(
  console: Console,
  { name, version }: Technique,
  { training, model }: Choice,
  pairs: readonly Pair[],
): void {
  const { error, loss, verdict } = compareAll(pairs);
  const { images, terms } = pairs[0]!.plain;
  const { epochs } = training;
  console.json({
    technique: name,
    version,
    model: model.name,
    epochs,
    seeds: pairs.length,
    images,
    error,
    loss,
    verdict,
  });
  const { ink } = console;
  const words = ({ plain, with: own, interval }: Difference, told: (value: number) => string, of = ""): string =>
    `${told(plain)} → ${told(own)}${of} · difference ${interval.map(told).join(" to ")} (95 %)`;
  console.say("");
  console.say(row(ink, "error", words(error, percent, terms ? ` (${terms.error})` : "")));
  console.say(
    row(
      ink,
      "loss",
      words(loss, (value) => value.toFixed(4)),
    ),
  );
  console.say(row(ink, "judged on", `${count(images)} images, ${pairs.length} seeds`));
  const colour = verdict === "helps" ? "green" : verdict === "hurts" ? "red" : "yellow";
  console.say(row(ink, "verdict", ink(colour, WORDS[verdict])));
}
