import { RegimenError } from "@regimen/contracts";
import { InvalidArgumentError, type Command } from "commander";
import { parseSet, type Override } from "./config/read.ts";
import { policyPath } from "./job/policy.ts";

/** The options of `train`, `search` and `fit`. */
export type JobFlags = {
  readonly config?: string;
  readonly out?: string;
  readonly seed?: number;
  readonly backend?: string;
  readonly plugin?: readonly string[];
  readonly budget?: number;
  readonly warm?: readonly string[];
  readonly time?: number;
  readonly unlabeled?: string;
  readonly set?: readonly Override[];
  readonly dryRun?: boolean;
  readonly baseline?: boolean;
  readonly resume?: boolean;
  readonly policy?: string;
  readonly workers?: number | "auto";
  readonly redis?: string;
};

export const collect = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];

export const setting = (value: string, earlier: readonly Override[] = []): Override[] => [...earlier, parseSet(value)];

export const pluginFlag = (command: Command): Command =>
  command.option(
    "--plugin <pkg>",
    "a plug-in: package or ./path (repeatable); naming techniques leaves all others out",
    collect,
  );

export const backendFlag = (command: Command): Command =>
  command.option("--backend <name>", "auto, node-gpu, node, webgpu, wasm, cpu, or a plug-in's", "auto");

/** Where images without labels are, for what learns from labelled ones too. */
export const unlabeledFlag = (command: Command): Command =>
  command.option(
    "--unlabeled <place>",
    "images without labels, to learn from as well: a folder, a file, or FORMAT:PATH",
  );

export function jobFlags(command: Command): Command {
  unlabeledFlag(command.option("--config <file>", "configuration, YAML or JSON"))
    .option("--out <dir>", "the run's folder (default: ./runs/DATE-TIME-three-words)")
    .option("--seed <n>", "the same seed gives the same run", whole);
  pluginFlag(backendFlag(command));
  return command
    .option("--time <t>", "how long it may take, such as 90s, 30m or 1h30m: chooses epochs that are auto", duration)
    .option("--set <a.b=v>", "sets a key of the configuration (repeatable)", setting)
    .option("--dry-run", "prints the plan and stops")
    .option("--resume", "goes on with the run in --out, if there is one");
}

/** Who does a search's trials. */
export const workerFlags = (command: Command): Command =>
  command
    .option(
      "--workers <n>",
      "trials side by side: processes on this machine (auto: as many as are fastest), or as many workers as wait at --redis",
      several,
    )
    .option(
      "--redis <url>",
      "trials on other machines, through Redis or Valkey: redis://:PASSWORD@HOST, rediss://… for TLS",
    );

export const budgetFlag = (command: Command): Command =>
  command
    .option("--budget <x>", "what the search may cost, in plain runs", number)
    .option(
      "--warm <policy>",
      "a policy.json, a run's folder or a preset: tried first (repeatable)",
      (place: string, earlier: readonly string[] = []) => [...earlier, place],
    );

/** Options that stand for keys of the configuration. */
export function overrides(flags: JobFlags, cwd: string): Override[] {
  return [
    ...(flags.set ?? []),
    ...(flags.seed === undefined ? [] : [{ path: ["seed"], value: flags.seed, option: "--seed" }]),
    ...(flags.budget === undefined ? [] : [{ path: ["search", "budget"], value: flags.budget, option: "--budget" }]),
    ...(flags.warm === undefined
      ? []
      : [{ path: ["search", "warm"], value: flags.warm.map((place) => policyPath(place, cwd)), option: "--warm" }]),
  ];
}

export function whole(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError(`got "${text}"; expected a whole number of at least 0.`);
  return Number(text);
}

function several(text: string): number | "auto" {
  if (text === "auto") return text;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > 10_000)
    throw new InvalidArgumentError(`got "${text}"; expected a number from 1 to 10000, or auto.`);
  return value;
}

export function port(text: string): number {
  const value = whole(text);
  if (value > 65_535) throw new InvalidArgumentError(`got "${text}"; expected a port, from 0 to 65535.`);
  return value;
}

export function pairs(text: string): number {
  const value = whole(text);
  if (value < 2 || value > 50) throw new InvalidArgumentError(`got "${text}"; expected 2 to 50 pairs.`);
  return value;
}

export function positive(text: string): number {
  const value = number(text);
  if (!(value > 0)) throw new InvalidArgumentError(`got "${text}"; expected a number above 0.`);
  return value;
}

export function share(text: string): number {
  const value = number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError(`got "${text}"; expected a number from 0 to 1.`);
  return value;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new InvalidArgumentError(`got "${text}"; expected a number.`);
  return value;
}

/** "90s", "30m", "1h30m", "2h" → seconds. */
export function duration(text: string): number {
  const match = /^(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s)?$/.exec(
    text.replaceAll(" ", ""),
  );
  const [h, m, s] = (match ?? []).slice(1).map((part) => Number(part ?? 0));
  const seconds = 3600 * (h ?? 0) + 60 * (m ?? 0) + (s ?? 0);
  if (!(seconds > 0))
    throw new RegimenError("REG_USAGE", `--time got "${text}"; expected a duration such as 90s, 30m or 1h30m`);
  return seconds;
}
