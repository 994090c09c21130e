import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { overrides, type JobFlags } from "../flags.ts";
import { describePath, findSplits, type Splits } from "@regimen/data";
import { absoluteIfPath, isFolder, splitPlace } from "./place.ts";
import { readConfig, type Override } from "./read.ts";
import { searchOf } from "./synthetic.ts";
import type { Config, Fraction, SourceConfig } from "./types.ts";

/** The file that is read where nothing is named. */
const USUAL = "regimen.yaml";
const DEFAULT_SEED = 7;

/**
 * A configuration that means the same wherever it is read from. `base`: where the data's relative paths start (they stay
 * relative, since images are called by them); `plugins`: the configuration's and the command line's.
 */
export type Settings = {
  readonly config: Config & { readonly seed: number };
  readonly base: string;
  readonly plugins: readonly string[];
};

/** `target`: what stands after the command: a folder (or FORMAT:PATH) of data, or a configuration; `spelled`: what `spellOut` made of it. Errors: REG_USAGE, REG_CONFIG_*. */
export function readSettings(
  target: string | undefined,
  flags: JobFlags,
  cwd: string,
  spelled?: readonly Override[],
): Settings {
  const { file, data } = spelled ? { file: flags.config, data: spelled } : aim(target, flags, cwd);
  const given = [...data, ...unlabelled(flags, file, cwd), ...overrides(flags, cwd)];
  const { config, base, locate } = readConfig(file, given, cwd);
  const { model } = config;
  const search = searchOf(config, locate);
  const learner = search?.metalearner;
  return {
    base,
    plugins: [
      ...(config.plugins ?? []).map((name) => absoluteIfPath(name, base)),
      ...(flags.plugin ?? []).map((name) => absoluteIfPath(name, cwd)),
    ],
    config: {
      ...config,
      seed: config.seed ?? DEFAULT_SEED,
      ...(model && "path" in model ? { model: { ...model, path: resolve(base, model.path) } } : {}),
      ...(search && { search }),
      ...(learner === undefined ? {} : { search: { ...search, metalearner: absoluteLearner(learner, base) } }),
    },
  };
}

/** Splits that a folder lacks are cut off its training images. */
export const CUT = { test: { fraction: 0.2 }, validation: { fraction: 0.1 } } as const;

/**
 * Where `--set` or `--unlabeled` reaches into the data of a folder that was named on the command line, what the folder means is
 * spelled out, as a configuration would; else undefined. Errors: REG_DATA_*.
 */
export async function spellOut(
  target: string | undefined,
  flags: JobFlags,
  cwd: string,
): Promise<readonly Override[] | undefined> {
  const sets = flags.set?.some(({ path }) => path[0] === "data" && path.length > 1) ?? false;
  const reaches = sets || flags.unlabeled !== undefined;
  if (target === undefined || !reaches || /\.(ya?ml|json)$/i.test(target)) return undefined;
  const { format, path } = splitPlace(target, cwd);
  if (!existsSync(resolve(cwd, path))) return undefined;
  const place = placeFrom(target, flags.config, cwd);
  const { task, ...splits }: Splits =
    format === undefined && isFolder(resolve(cwd, path))
      ? await findSplits(place, cwd)
      : { train: await describePath(place, cwd) };
  return [
    { path: ["data"], value: { name: basename(resolve(cwd, path)), ...CUT, ...splits }, option: target },
    ...(task === undefined ? [] : [{ path: ["task"], value: task, option: target }]),
  ];
}

/** Beside a configuration, the data's paths start at that file; what the command line names starts where that was called. */
const placeFrom = (place: string, file: string | undefined, cwd: string): string => {
  const { format, path } = splitPlace(place, cwd);
  const seen = file === undefined ? path : resolve(cwd, path);
  return format === undefined ? seen : `${format}:${seen}`;
};

function unlabelled({ unlabeled }: JobFlags, file: string | undefined, cwd: string): Override[] {
  if (unlabeled === undefined) return [];
  if (!existsSync(resolve(cwd, splitPlace(unlabeled, cwd).path)))
    throw new RegimenError("REG_DATA_PATH", `there is no ${unlabeled}; name images without labels: --unlabeled ./more`);
  return [{ path: ["data", "unlabeled"], value: placeFrom(unlabeled, file, cwd), option: "--unlabeled" }];
}

type Learner = NonNullable<NonNullable<Config["search"]>["metalearner"]>;
const absoluteLearner = (learner: Learner, base: string): Learner =>
  typeof learner === "string"
    ? absoluteIfPath(learner, base)
    : { sequence: learner.sequence.map((name) => absoluteIfPath(name, base)) };

function aim(target: string | undefined, flags: JobFlags, cwd: string): { file: string | undefined; data: Override[] } {
  if (target === undefined) {
    const usual = existsSync(join(cwd, USUAL)) ? USUAL : undefined;
    const sets = (flags.set ?? []).some(({ path }) => path[0] === "data");
    if (flags.config === undefined && usual === undefined && !sets) {
      throw new RegimenError(
        "REG_USAGE",
        `nothing to work on: name a folder of images or a configuration, such as ./photos or ./${USUAL} (there is no ${USUAL} here)`,
      );
    }
    return { file: flags.config ?? usual, data: [] };
  }
  const path = resolve(cwd, target);
  if (!isFolder(path) && /\.(ya?ml|json)$/i.test(target)) {
    if (flags.config !== undefined) {
      throw new RegimenError("REG_USAGE", `got two configurations, ${target} and --config ${flags.config}; name one`);
    }
    return { file: target, data: [] };
  }
  if (!existsSync(resolve(cwd, splitPlace(target, cwd).path))) {
    throw new RegimenError(
      "REG_DATA_PATH",
      `there is no ${target}; name a folder of images, FORMAT:PATH, or a configuration (.yaml or .json)`,
    );
  }
  return {
    file: flags.config,
    data: [{ path: ["data"], value: placeFrom(target, flags.config, cwd), option: target }],
  };
}

export const isFraction = (of: string | SourceConfig | Fraction): of is Fraction =>
  typeof of === "object" && "fraction" in of;
