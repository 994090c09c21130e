import { existsSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { RegimenError } from "@regimen/contracts";
import { loadModel, type Regimen } from "@regimen/core";
import { WEIGHTS, type Weights } from "@regimen/export";
import type { Console } from "../display/console.ts";
import { count, percent, row, typed } from "../display/style.ts";
import { lossOf, type Loss } from "../export/loss.ts";
import type { Target } from "../export/target.ts";
import type { Io } from "../io.ts";
import { measuredPart } from "../job/data.ts";
import { shownPath } from "../job/folder.ts";
import { modelFile } from "../job/model.ts";
import { readMetadata } from "../job/metadata.ts";
import { loadPlugins } from "../plugins/load.ts";

export type ExportFlags = {
  readonly to: string;
  readonly out?: string;
  readonly weights?: string;
  /** Where the loss of smaller weights is measured. */ readonly data?: string;
};

/** Each is imported when it is asked for. */
const TARGETS: Readonly<Record<string, () => Promise<Target>>> = {
  web: async () => (await import("../export/web.ts")).exportWeb,
  node: async () => (await import("../export/node.ts")).exportNode,
  tfjs: async () => (await import("../export/layers.ts")).exportTfjs,
  onnx: async () => (await import("../export/onnx.ts")).exportOnnx,
  savedmodel: async () => (await import("../export/savedmodel.ts")).exportSavedModel,
};

/** Errors: REG_USAGE, REG_MODEL_UNREADABLE, REG_RUN_EXISTS, and those of the target. Nothing is left of an export that failed. */
export async function exportCommand(io: Io, console: Console, run: string, flags: ExportFlags): Promise<void> {
  const load = TARGETS[flags.to];
  if (!load) throw new RegimenError("REG_USAGE", `--to got "${flags.to}"; expected ${Object.keys(TARGETS).join(", ")}`);
  const weights = weightsOf(flags);
  const spec = flags.data === undefined ? undefined : await measuredPart(flags.data, io.cwd);
  const file = modelFile(resolve(io.cwd, run));
  const folder = dirname(file);
  const metadata = readMetadata(folder);
  if (metadata === undefined)
    throw new RegimenError(
      "REG_MODEL_UNREADABLE",
      `${shownPath(folder, io.cwd)} has no metadata.json, so neither classes nor the images' size are known; export a run that regimen made`,
    );
  const name = basename(basename(folder) === "model" ? dirname(folder) : folder);
  const out = resolve(io.cwd, flags.out ?? `${name}-${flags.to}`);
  const shown = shownPath(out, io.cwd);
  if (existsSync(out))
    throw new RegimenError(
      "REG_RUN_EXISTS",
      `${shown} exists already, and nothing there is overwritten; name another folder: --out ${typed(`${shown}-2`)}`,
    );
  const target = await load();
  let regimen: Promise<Regimen> | undefined;
  const open = (): Promise<Regimen> => (regimen ??= openRegimen(io, spec ? "auto" : "cpu"));
  await mkdir(out, { recursive: true });
  try {
    const tell = (line: string) => console.live(line);
    const { files, next, smaller } = await target({
      model: folder,
      metadata,
      name,
      out,
      shown,
      cwd: io.cwd,
      weights,
      load: async () => {
        await open();
        return loadModel(file);
      },
      tell,
    });
    const loss = spec && (await lossOf(await open(), { model: folder, metadata, spec, cwd: io.cwd }, smaller));
    console.json({
      run: shownPath(resolve(io.cwd, run), io.cwd),
      to: flags.to,
      weights,
      out,
      files,
      loss: loss ?? null,
    });
    console.say(
      row(console.ink, "written", files.map((each) => join(shown, each) + sizeOf(join(out, each))).join(", ")),
    );
    if (weights !== "float32") console.say(row(console.ink, "loss", lossWords(weights, loss)));
    for (const line of next) console.say(row(console.ink, "next", line));
  } catch (error) {
    await rm(out, { recursive: true, force: true });
    throw error;
  } finally {
    await (await regimen)?.dispose();
  }
}

/** For measuring, or for reading weights alone, which needs nothing fast; no technique is loaded. */
async function openRegimen(io: Io, backend: "auto" | "cpu"): Promise<Regimen> {
  const loaded = await loadPlugins(io, [], ["backend", "reader", "scaffold"]);
  return io.createRegimen({ plugins: loaded.map(({ plugin }) => plugin), backend });
}

/** Errors: REG_USAGE. */
function weightsOf({ weights = "float32", data }: ExportFlags): Weights {
  const known = WEIGHTS.find((each) => each === weights);
  if (!known) throw new RegimenError("REG_USAGE", `--weights got "${weights}"; expected ${WEIGHTS.join(", ")}`);
  if (known === "float32" && data !== undefined)
    throw new RegimenError(
      "REG_USAGE",
      "--data measures what smaller weights cost, and float32 costs nothing; add --weights float16 or int8, or leave --data out",
    );
  return known;
}

/** Of a file; a folder's is not told. */
function sizeOf(path: string): string {
  const found = statSync(path);
  if (!found.isFile()) return "";
  return found.size < 1e6 ? ` (${count(Math.ceil(found.size / 1e3))} kB)` : ` (${(found.size / 1e6).toFixed(1)} MB)`;
}

function lossWords(weights: Weights, loss: Loss | undefined): string {
  if (!loss) return `not measured for weights in ${weights}; --data measures it on your pictures`;
  const { images, trained, exported } = loss;
  return `error ${percent(trained)} with the weights as trained, ${percent(exported)} in ${weights}, on ${count(images)} images`;
}
