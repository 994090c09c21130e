import type { JobOptions, Regimen, TrainSettings } from "@regimen/core";
import type { Settings } from "../config/settings.ts";
import type { Console } from "../display/console.ts";
import { openData, type OpenData } from "./data.ts";
import { chooseModel, suited, type ChosenModel } from "./model.ts";
import { chooseEpochs, estimate, usualEpochs } from "./pace.ts";
import { measureSpeed } from "./speed.ts";
import type { Chosen, Side } from "./types.ts";

/** Data and model, opened, and how long it will take. The caller disposes of both. */
export type Choice = {
  readonly data: OpenData;
  readonly model: ChosenModel;
  readonly training: TrainSettings;
  readonly chosen: Chosen;
  /** Of plain training; null for a run that goes on. */ readonly imagesPerSecond: number | null;
  readonly seconds: number | null;
};

export type Wish = {
  readonly settings: Settings;
  /** How many plain runs the job trains. */ readonly runs: number;
  /** Seconds. */ readonly time: number;
  /** Epochs that a policy asks for. */ readonly epochs: number | undefined;
  /** Of a run that goes on. */ readonly chosen: Chosen | undefined;
};

/** A training of fewer epochs is not worth its time: then a smaller model or smaller images are. */
const LEAST_EPOCHS = 10;
/** To what images are reduced, in this order, where not even the smallest model fits the time. */
const SMALLER = [64, 32] as const;

/**
 * The first that fits the time: models from the one that suits the images down to the smallest, then smaller images. What the
 * user has named is kept. Errors: REG_DATA_*, REG_MODEL_*.
 */
export async function choose(regimen: Regimen, wish: Wish, console: Console, signal: AbortSignal): Promise<Choice> {
  const { settings, chosen } = wish;
  const sides: (Side | null)[] = [chosen?.side ?? null];
  for (let at = 0; ; at++) {
    const side = sides[at]!;
    const data = await openData(regimen, settings, console, side);
    try {
      if (at === 0) sides.push(...smaller(data, wish));
      const choice = await amongModels(regimen, wish, data, at === sides.length - 1, console, signal);
      if (choice) return { ...choice, data, chosen: { ...choice.chosen, side } };
    } catch (error) {
      data.dispose();
      throw error;
    }
    data.dispose();
  }
}

const isOpen = (model: Model): model is undefined | { readonly architecture: "auto" } =>
  model === undefined || ("architecture" in model && model.architecture === "auto");

/** To what the images may be reduced: nothing where the user has said anything about it. */
function smaller({ train: { format } }: OpenData, { settings: { config }, chosen }: Wish): Side[] {
  const { data, model } = config;
  const said = typeof data !== "string" && data.image?.size !== undefined && data.image.size !== "auto";
  if (chosen || said || !isOpen(model)) return [];
  return SMALLER.filter((side) => side < Math.max(format.h, format.w));
}

/** The first model that fits, with how long it takes; `last`: of these the smallest, if need be. */
async function amongModels(
  regimen: Regimen,
  wish: Wish,
  data: OpenData,
  last: boolean,
  console: Console,
  signal: AbortSignal,
): Promise<Omit<Choice, "data"> | undefined> {
  const { model: asked } = wish.settings.config;
  const open = isOpen(asked);
  const names = wish.chosen?.architecture ? [wish.chosen.architecture] : suited(data.train, wish.settings.config.task);
  const models = open ? names.map((architecture) => ({ architecture })) : [asked];
  for (const [i, wanted] of models.entries()) {
    signal.throwIfAborted();
    const model = await chooseModel(wanted, regimen, data.train, wish.settings.config.task ?? "classification");
    if (model.replaced !== null)
      console.note(`  ${model.name} was made for ${model.replaced}; it gets a new head for these classes`);
    try {
      const { fits, ...rest } = await timed(regimen, wish, data, model, console, signal);
      const chosen = { ...rest.chosen, architecture: open ? model.name : null };
      if (fits || (last && i === models.length - 1)) return { ...rest, model, chosen };
    } catch (error) {
      model.dispose();
      throw error;
    }
    model.dispose();
  }
  return undefined;
}

type Timed = Omit<Choice, "data" | "model"> & { readonly fits: boolean };
type Model = Settings["config"]["model"];

async function timed(
  regimen: Regimen,
  { settings: { config }, runs, time, epochs: wanted, chosen }: Wish,
  data: OpenData,
  model: ChosenModel,
  console: Console,
  signal: AbortSignal,
): Promise<Timed> {
  const { training = {}, task = "classification", seed } = config;
  const nothing = { architecture: null, side: null };
  if (chosen) {
    const kept = chosen.epochs === null ? training : { ...training, epochs: chosen.epochs };
    return { training: kept, chosen, imagesPerSecond: null, seconds: null, fits: true };
  }
  console.live(`  measuring the speed of ${model.name} on ${regimen.backend.name} …`);
  const how: Pick<JobOptions, "task" | "seed"> = { task, seed };
  const imagesPerSecond = await measureSpeed(regimen, model.input, data.train, { ...how, training, signal });
  console.still();
  const images = data.plan.splits.train;
  const given = wanted ?? training.epochs;
  if (typeof given === "number") {
    const seconds = estimate(images, given, runs, imagesPerSecond);
    return { training, chosen: { ...nothing, epochs: null }, imagesPerSecond, seconds, fits: seconds <= time };
  }
  const epochs = chooseEpochs(images, runs, imagesPerSecond, time);
  return {
    training: { ...training, epochs },
    chosen: { ...nothing, epochs },
    imagesPerSecond,
    seconds: estimate(images, epochs, runs, imagesPerSecond),
    fits: epochs >= Math.min(LEAST_EPOCHS, usualEpochs(images)),
  };
}
