import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { RegimenError, type Json, type Regimen, type Source } from "@regimen/core";
import { describePath } from "@regimen/data";
import { pretrainBackbone, type Backbone, type Method } from "@regimen/self-supervised";
import { barlowTwins, barlowTwinsMethod } from "@regimen/technique-barlow-twins";
import { simclr, simclrMethod } from "@regimen/technique-simclr";
import { absoluteIfPath, splitPlace } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { follow } from "../display/follow.ts";
import { clock, count, row } from "../display/style.ts";
import { Interrupted } from "../failures.ts";
import type { Call } from "../io.ts";
import { runFolder, shownPath, type Recorded } from "../job/folder.ts";
import { chooseModel, suited, type ChosenModel } from "../job/model.ts";
import { loadPlugins } from "../plugins/load.ts";

export type PretrainFlags = {
  readonly unlabeled: string;
  /** An architecture's name, or where a model is. */ readonly model: string;
  readonly method: string;
  readonly epochs: number;
  readonly refuse?: readonly string[];
  readonly out?: string;
  readonly seed?: number;
  readonly backend?: string;
  readonly plugin?: readonly string[];
};
/** `flags` as they were typed; paths among them start at `cwd`. */
type Order = { readonly flags: PretrainFlags; readonly cwd: string; readonly line: string; readonly folder: string };

const METHODS: Readonly<Record<string, () => Method>> = {
  simclr: () => simclrMethod(simclr.space.temperature.default),
  "barlow-twins": () => barlowTwinsMethod(barlowTwins.space.lambda.default),
};
/** Where none is named. */
const SEED = 7;
/** A backbone of an earlier pre-training gets a head, which is dropped again: of any classes. */
const CLASSES = ["one", "other"];

export async function pretrainCommand(io: Call, console: Console, flags: PretrainFlags): Promise<void> {
  const folder = runFolder(flags.out, flags.seed ?? SEED, io.cwd);
  await run(io, console, { flags, cwd: io.cwd, line: io.line, folder }, false);
}

/** Goes on with a run that `pretrainCommand` began. */
export async function resumePretraining(io: Call, console: Console, recorded: Recorded, folder: string): Promise<void> {
  const { command, cwd, config } = recorded;
  await run(io, console, { flags: config as unknown as PretrainFlags, cwd, line: command, folder }, true);
}

async function run(io: Call, console: Console, order: Order, resume: boolean): Promise<void> {
  const { flags, cwd, folder } = order;
  const method = METHODS[flags.method]?.();
  if (!method)
    throw new RegimenError(
      "REG_USAGE",
      `--method got "${flags.method}"; expected one of ${Object.keys(METHODS).join(", ")}`,
    );
  const shown = shownPath(folder, io.cwd);
  const stop = new AbortController();
  const unlisten = io.onInterrupt(() => {
    console.note("  stopping: saving what was done (once more to stop at once)");
    stop.abort();
  });
  const loaded = await loadPlugins(
    { cwd, host: io.host },
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, cwd)),
    ["backend", "model", "reader", "scaffold"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const data = await openUnlabelled(regimen, flags.unlabeled, cwd, console);
    const model = await modelOf(flags.model, cwd, regimen, data);
    try {
      const { epochs, refuse = [], seed = SEED } = flags;
      console.note(
        row(
          console.paint,
          "pre-train",
          `${model.name} by ${flags.method} on ${count(data.length)} images, ${epochs} epochs`,
        ),
      );
      const how = { model: model.input, data, method, epochs, refused: refuse, seed, out: folder, resume };
      const running = pretrainBackbone(regimen, { ...how, signal: stop.signal, config: recordOf(order) });
      const backbone = await follow(running, console);
      tell(backbone, { flags, backend: regimen.backend.name, images: data.length, shown }, console);
      backbone.model.dispose();
    } finally {
      model.dispose();
      data.dispose();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    throw new Interrupted(existsSync(join(folder, "run.json")) ? `regimen resume ${shown}` : undefined);
  } finally {
    unlisten();
    await regimen.dispose();
  }
}

/** Every image below a folder, whatever folder it is in; or a file in a known format. */
async function openUnlabelled(regimen: Regimen, place: string, cwd: string, console: Console): Promise<Source> {
  const { format, path } = splitPlace(place, cwd);
  const spec = format === undefined ? await describePath(path, cwd) : { format, path };
  const onProgress = (done: number, of: number) => console.live(`  reading: ${count(done)} of ${count(of)} images`);
  const source = await regimen.open({ ...spec, labels: false }, { base: cwd, fit: "cover", onProgress });
  console.still();
  const [unreadable] = source.skipped;
  if (unreadable) console.warn("REG_DATA_UNREADABLE", `${unreadable.file}: ${unreadable.why}`);
  if (source.length < 2) {
    source.dispose();
    throw new RegimenError("REG_DATA_EMPTY", `${place} holds ${source.length} images; pre-training needs many`);
  }
  return source;
}

/** What is there as a path is one; anything else is an architecture's name. Errors: REG_MODEL_UNREADABLE. */
async function modelOf(
  named: string,
  cwd: string,
  regimen: Regimen,
  data: Source,
): Promise<Pick<ChosenModel, "input" | "name" | "dispose">> {
  const path = resolve(cwd, named);
  if (existsSync(path)) return chooseModel({ path, weights: "keep" }, regimen, { ...data, classes: CLASSES });
  const architecture = named === "auto" ? suited(data)[0]! : named;
  return { input: { architecture }, name: architecture, dispose: () => undefined };
}

const recordOf = ({ flags, cwd, line }: Order): Json => ({
  job: "pretrain",
  command: line,
  cwd,
  config: { ...flags, refuse: [...(flags.refuse ?? [])], plugin: [...(flags.plugin ?? [])] },
});

function tell(
  { features, parameters, losses, imagesSeen, seconds, folder }: Backbone,
  of: { readonly flags: PretrainFlags; readonly backend: string; readonly images: number; readonly shown: string },
  console: Console,
): void {
  const { flags, backend, images, shown } = of;
  const { method, epochs, seed = SEED } = flags;
  const loss = losses.at(-1) ?? null;
  console.json({ run: folder, method, images, epochs, features, parameters, loss, imagesSeen, seconds, backend, seed });
  const { ink } = console;
  console.say("");
  console.say(row(ink, "backbone", `${features} features, ${count(parameters)} weights`));
  if (loss !== null)
    console.say(row(ink, "loss", `${losses[0]!.toFixed(3)} in the first epoch, ${loss.toFixed(3)} in the last`));
  console.say(row(ink, "took", `${clock(seconds)} · ${count(imagesSeen)} images seen on ${backend}`));
  console.say(row(ink, "model", join(shown, "model")));
  console.say(row(ink, "next", `regimen train DATA --set model.path=${shown}`));
}
