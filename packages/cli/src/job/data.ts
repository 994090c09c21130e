import { basename, resolve } from "node:path";
import {
  classesOf,
  type DataInput,
  type DataSpec,
  type ReadHow,
  type Regimen,
  type Skipped,
  type Source,
} from "@regimen/core";
import { describePath, findSplits, type Splits } from "@regimen/data";
import { isFolder, splitPlace } from "../config/place.ts";
import { CUT, isFraction, type Settings } from "../config/settings.ts";
import { ratiosOf } from "../config/synthetic.ts";
import type { DataConfig, Fraction, SourceConfig, SyntheticConfig } from "../config/types.ts";
import type { Console } from "../display/console.ts";
import { count } from "../display/style.ts";
import type { Plan, Side } from "./types.ts";

type Part = DataSpec | Fraction;
type Parts = {
  readonly train: DataSpec;
  readonly validation: Part;
  readonly test?: Part;
  readonly unlabeled?: DataSpec;
  readonly synthetic?: readonly DataSpec[];
};

/** Everything that a job reads. `train`: as opened, before splits are cut off it. */
export type OpenData = {
  readonly input: DataInput;
  readonly train: Source;
  readonly plan: Plan["data"];
  readonly skipped: readonly Skipped[];
  dispose(): void;
};

/** `side`: a size over the configuration's. Errors: REG_DATA_*. The caller disposes of it. */
export async function openData(
  regimen: Regimen,
  { config, base }: Pick<Settings, "config" | "base">,
  console: Console,
  side: Side | null,
): Promise<OpenData> {
  const parts = await partsOf(config.data, base);
  const settings: DataConfig = typeof config.data === "string" ? { train: config.data } : config.data;
  const size = side ?? settings.image?.size ?? "auto";
  const how: Partial<ReadHow> & { fit: ReadHow["fit"] } = {
    base,
    fit: settings.image?.fit ?? "cover",
    ...(config.task === "multilabel_classification" && { several: true }),
    ...(size === "auto" ? {} : { size: typeof size === "number" ? { h: size, w: size } : { h: size[0], w: size[1] } }),
  };
  const opened: Source[] = [];
  const open = async (name: string, spec: DataSpec, as: Partial<ReadHow>): Promise<Source> => {
    const onProgress = (done: number, of: number) =>
      console.live(`  reading ${name}: ${count(done)} of ${count(of)} images`);
    const source = await regimen.open(spec, { ...as, onProgress });
    opened.push(source);
    return source;
  };
  const dispose = (): void => {
    for (const source of opened.splice(0)) source.dispose();
  };
  try {
    const train = await open("training images", parts.train, how);
    const { h, w, c } = train.format;
    const alike: Partial<ReadHow> = { ...how, classes: train.classes, size: { h, w }, channels: c === 1 ? 1 : 3 };
    const held = async (name: string, part: Part): Promise<Source | Fraction> =>
      isFraction(part as SourceConfig | Fraction) ? (part as Fraction) : open(name, part as DataSpec, alike);
    const test = parts.test && (await held("test images", parts.test));
    const validation = await held("validation images", parts.validation);
    const unlabeled = parts.unlabeled && (await open("unlabelled images", parts.unlabeled, alike));
    const made: Source[] = [];
    for (const spec of parts.synthetic ?? []) made.push(await open("synthetic images", spec, alike));
    const synthetic = joined(made, ratiosOf(config));
    console.still();
    const place = typeof config.data === "string" ? splitPlace(config.data, base).path : firstPath(parts.train);
    const name = settings.name ?? basename(resolve(base, place));
    const input: DataInput = {
      name,
      train,
      validation,
      ...(test && { test }),
      ...(unlabeled && { unlabeled }),
      ...(synthetic && { synthetic }),
    };
    const skipped = opened.flatMap((source) => source.skipped);
    const notes = [...new Set(opened.flatMap((source) => source.notes ?? []))];
    const format = [h, w, c] as const;
    const splits = {
      ...countSplits(train, validation, test, unlabeled),
      synthetic: synthetic === undefined ? null : synthetic.length,
    };
    return {
      input,
      train,
      skipped,
      dispose,
      plan: { name, classes: train.classes, imageShape: format, splits, unreadable: skipped.length, notes },
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Several synthetic sets as one, each drawn from in proportion to its ratio where there are ratios. */
function joined(sets: readonly Source[], ratios: readonly (number | undefined)[]): Source | undefined {
  if (sets.length < 2) return sets[0];
  return sets
    .map((set, at) => (ratios[at] ? set.weighted(new Float32Array(set.length).fill(ratios[at] / set.length)) : set))
    .reduce((all, set) => all.concat(set));
}

const firstPath = ({ path }: DataSpec): string => (typeof path === "string" ? path : (path[0] ?? "data"));

async function partsOf(data: string | DataConfig, base: string): Promise<Parts> {
  if (typeof data === "string") {
    const { format, path } = splitPlace(data, base);
    const found: Splits =
      format === undefined && isFolder(resolve(base, path))
        ? await findSplits(path, base)
        : { train: await describePath(data, base) };
    return { ...CUT, ...found };
  }
  const one = (of: string | SourceConfig) => specOf(of, base);
  const held = async (of: string | SourceConfig | Fraction): Promise<Part> => (isFraction(of) ? of : one(of));
  const made = (of: string | SyntheticConfig) => {
    if (typeof of === "string") return one(of);
    const { ratio: _, ...source } = of;
    return one(source as SourceConfig);
  };
  return {
    train: await one(data.train),
    validation: data.validation === undefined ? CUT.validation : await held(data.validation),
    ...(data.test === undefined ? {} : { test: await held(data.test) }),
    ...(data.unlabeled === undefined ? {} : { unlabeled: withoutLabels(await one(data.unlabeled)) }),
    ...(data.synthetic === undefined ? {} : { synthetic: await Promise.all(data.synthetic.map(made)) }),
  };
}

/** Every image, whatever folder it is in or label it has, unless those of a set without a label are meant. */
const withoutLabels = (spec: DataSpec): DataSpec => (spec["only"] === undefined ? { labels: false, ...spec } : spec);

/** A source with its format, said or told from its path. */
async function specOf(of: string | SourceConfig, base: string): Promise<DataSpec> {
  if (typeof of === "string") return describePath(of, base);
  if (of.format !== undefined) return of as DataSpec;
  return { ...(await describePath(firstPath(of as DataSpec), base)), ...(of as Omit<DataSpec, "format">) };
}

/** Near enough before the splitting: rounding and duplicates may move a few images. */
function countSplits(
  train: Source,
  validation: Source | Fraction,
  test?: Source | Fraction,
  unlabeled?: Source,
): Omit<Plan["data"]["splits"], "synthetic"> {
  const labelled = classesOf(train).filter((label) => label >= 0).length;
  let left = labelled;
  const take = (part: Source | Fraction): number => {
    if (!("fraction" in part)) return part.length;
    const taken = Math.round(left * part.fraction);
    left -= taken;
    return taken;
  };
  const tested = test === undefined ? null : take(test);
  const validated = take(validation);
  const blank = train.length - labelled + (unlabeled?.length ?? 0);
  return { train: left, validation: validated, test: tested, unlabeled: blank === 0 ? null : blank };
}

/** For a command that measures: the test split of a folder that has splits, else all of it. Errors: REG_DATA_*. */
export const measuredPart = (place: string, base: string): Promise<DataSpec> =>
  partOf(place, base, ({ test, train }) => test ?? train);

/** For a command that looks: the training split of a folder that has splits, else all of it. Errors: REG_DATA_*. */
export const trainingPart = (place: string, base: string): Promise<DataSpec> =>
  partOf(place, base, ({ train }) => train);

async function partOf(place: string, base: string, choose: (splits: Splits) => DataSpec): Promise<DataSpec> {
  const { format, path } = splitPlace(place, base);
  if (format !== undefined || !isFolder(resolve(base, path))) return describePath(place, base);
  return choose(await findSplits(path, base));
}
