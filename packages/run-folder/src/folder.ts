import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, rmdirSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  RegimenError,
  type Json,
  type Pictures,
  type Shown,
  type Source,
  type Splits,
  type RunRecord,
  type Evaluation,
  type JobOptions,
  type Policy,
  type Regimen,
  type RegimenEvent,
} from "@regimen/contracts";
import { EventFile, type Value } from "@regimen/tensorboard";
import { Journal } from "./journal.ts";
import { metadataOf, saveModel, type SavedOf } from "./model-files.ts";
import { address, sheetPng } from "./sheet.ts";
import { folderStore, memoryStore, onDisk, type Store } from "./store.ts";
import { writeWhole } from "./whole.ts";

/** Of a picture that goes into the report. */
const MOST_BYTES = 400_000;

/** A run's folder, or a stand-in that keeps nothing where the caller wants none. */
export class RunFolder {
  readonly path: string | undefined;
  readonly store: Store;
  readonly journal: Journal;
  readonly record: RunRecord;
  readonly #events = new Map<string, EventFile>();

  /** Before any work is done. Errors: REG_RUN_EXISTS, REG_RUN_MISSING. */
  static expect({ out, resume }: JobOptions): void {
    if (out && resume && !existsSync(join(out, "run.json")))
      throw new RegimenError(
        "REG_RUN_MISSING",
        `${out} holds no run.json; give the folder of a run, or start one without resume`,
      );
    if (out && !resume && existsSync(out))
      throw new RegimenError(
        "REG_RUN_EXISTS",
        `${out} exists; go on with it: regimen resume ${out} — or choose another: --out ${out}-2`,
      );
  }

  /** Errors: REG_RUN_FINISHED, REG_RUN_MISMATCH, REG_DISK. */
  constructor(
    job: string,
    options: JobOptions,
    of: Pick<Regimen, "backend" | "registered"> & { readonly engine: string },
    fingerprint: Json,
  ) {
    const { out } = options;
    this.path = out;
    const file = out && join(out, "run.json");
    const known = file && existsSync(file) ? recordIn(file) : undefined;
    this.record = known ?? {
      format: 1,
      job,
      started: new Date().toISOString(),
      engine: of.engine,
      node: process.versions.node,
      machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
      backend: of.backend,
      seed: options.seed ?? 0,
      plugins: Object.fromEntries(of.registered.plugins.map(({ name, version }) => [name, version])),
      fingerprint,
      config: options.config ?? null,
    };
    if (known && JSON.stringify(known.fingerprint) !== JSON.stringify(fingerprint))
      throw new RegimenError(
        "REG_RUN_MISMATCH",
        `${out} was started with other data, model, settings or plug-ins (${differences(known.fingerprint, fingerprint)}); resume it with the same, or start a new run`,
      );
    if (known && known.backend.name !== of.backend.name)
      throw new RegimenError(
        "REG_RUN_MISMATCH",
        `${out} was started on backend ${known.backend.name}, and this is ${of.backend.name}; resume with --backend ${known.backend.name}`,
      );
    this.store = out ? folderStore(join(out, "checkpoints")) : memoryStore();
    this.journal = new Journal(out && join(out, "journal.jsonl"));
    if (this.journal.get("done", "run"))
      throw new RegimenError("REG_RUN_FINISHED", `${out} is complete; look at it: regimen report ${out}`);
    if (!known) this.#begin();
  }

  /** Where nothing can be written, no folder stays that the next run would have to go round. */
  #begin(): void {
    try {
      this.json("run.json", this.record as unknown as Json);
    } catch (error) {
      if (this.path && existsSync(this.path) && !readdirSync(this.path).length) rmdirSync(this.path);
      throw error;
    }
  }

  json(name: string, value: Json): void {
    this.text(name, `${JSON.stringify(value, null, 2)}\n`);
  }

  text(name: string, text: string): void {
    this.#write(name, text);
  }

  #write(name: string, content: string | Buffer): void {
    if (!this.path) return;
    const file = join(this.path, name);
    onDisk(() => (mkdirSync(dirname(file), { recursive: true }), writeWhole(file, content)));
  }

  splits(splits: Splits): void {
    const rows = Object.entries(splits).flatMap(([name, part]: [string, Source]) =>
      Array.from({ length: part.length }, (_, row) => `${cell(part.id(row))},${name}`),
    );
    this.text("splits.csv", `id,split\n${rows.join("\n")}\n`);
  }

  /** `detections.jsonl`, a line an image, where boxes were found; and `predictions.csv`: classes joined by "|" where an image may have several; columns that a task does not have are left out. */
  predictions({ predictions }: Evaluation, classes: readonly string[]): void {
    const first = predictions[0];
    const [single, shares, also] = [
      predictions.some(({ label, predicted, several }) => several || label >= 0 || predicted >= 0),
      first?.probabilities.length ? classes.map((name) => `p_${name}`) : [],
      Object.keys(first?.also ?? {}),
    ];
    const head = ["id", ...(single ? ["label", "predicted"] : []), ...shares, ...also].map(cell).join(",");
    const named = (chosen: readonly number[]): string => classes.filter((_, at) => chosen[at]).join("|") || "|";
    const rows = predictions.map(({ id, label, predicted, probabilities, several, also: more }) => {
      const words = several
        ? [several.labels ? named(several.labels) : "", named(several.predicted)]
        : [classes[label] ?? "", classes[predicted] ?? ""];
      const numbers = [...probabilities, ...also.map((name) => more?.[name] ?? "")];
      return [id, ...(single ? words : [])].map(cell).concat(numbers.map(String)).join(",");
    });
    this.text("predictions.csv", `${head}\n${rows.join("\n")}\n`);
    if (!predictions.some(({ boxes }) => boxes)) return;
    const found = predictions.map(({ id, boxes = [] }) => ({
      id,
      boxes: boxes.map(({ at, class: k, score }) => ({
        box: at.map(round),
        class: classes[k] ?? k,
        score: round(score),
      })),
    }));
    this.text("detections.jsonl", `${found.map((one) => JSON.stringify(one)).join("\n")}\n`);
  }

  /** A sheet of pictures and what is known of them: `shown/<name>.png` and `.json`, slashes as dashes. */
  show(name: string, pictures: Pictures, about: Json): void {
    if (!this.path) return;
    const file = `shown/${name.replaceAll("@", "").replaceAll("/", "-")}`;
    this.#write(`${file}.png`, Buffer.from(sheetPng(pictures)));
    this.json(`${file}.json`, about);
  }

  /** What the final training has shown, for the report. */
  shown(): Shown[] {
    const folder = this.path && join(this.path, "shown");
    if (!folder || !existsSync(folder)) return [];
    const names = readdirSync(folder).filter((name) => name.startsWith("final") && name.endsWith(".png"));
    return names.sort().map((name) => {
      const png = readFileSync(join(folder, name));
      const about = join(folder, name.replace(/png$/, "json"));
      return {
        file: `shown/${name}`,
        image: png.length > MOST_BYTES ? null : address(png),
        about: existsSync(about) ? (JSON.parse(readFileSync(about, "utf8")) as Json) : null,
      };
    });
  }

  /** Scalars for TensorBoard, in `events/`: a folder a training, and one for the search. */
  event(event: RegimenEvent): void {
    if (event.kind === "epoch") this.#scalars(event.training, event.epoch, event.logs);
    if (event.kind === "trial" && event.score) this.#scalars("search", event.done, { val_loss: event.score.loss });
  }
  #scalars(training: string, step: number, logs: Readonly<Record<string, number>>): void {
    const { path } = this;
    if (!path) return;
    const values = Object.entries(logs).map(([name, scalar]): Value => ({
      tag: name.startsWith("val_") ? `validation/${name.slice(4)}` : `training/${name}`,
      scalar,
    }));
    onDisk(() => {
      const known = this.#events.get(training);
      const file =
        known ??
        new EventFile(
          join(path, "events", training.replaceAll(/[^\w.-]+/g, "-")),
          Date.parse(this.record.started) / 1000,
        );
      if (!known) this.#events.set(training, file);
      file.add({ time: Date.now() / 1000, step, values });
    });
  }

  async model(model: LayersModel, policy: Policy, of: SavedOf): Promise<void> {
    this.json("policy.json", policy as unknown as Json);
    if (this.path) await saveModel(model, join(this.path, "model"), metadataOf(of, policy.name));
  }

  /** The model that the result is compared with, in `baseline/`: what to keep where the result is no better. */
  async baseline(model: LayersModel, of: SavedOf): Promise<void> {
    if (this.path) await saveModel(model, join(this.path, "baseline"), metadataOf(of, "none"));
  }

  /** The run is complete: notes so, and deletes what only a resumed run would need. */
  finish(): void {
    this.journal.add("done", "run", true);
    const { path } = this;
    if (!path) return;
    onDisk(() => {
      rmSync(join(path, "checkpoints"), { recursive: true, force: true });
      // What a kill left of a file that was being written.
      for (const name of readdirSync(path, { recursive: true, encoding: "utf8" }))
        if (/\.(json|csv|bin)\.\d+$/.test(name)) rmSync(join(path, name), { force: true });
    });
  }
}

function recordIn(file: string): RunRecord {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as RunRecord;
  } catch (cause) {
    throw new RegimenError("REG_RUN_MISSING", `${file} cannot be read; put back the one that the run wrote`, { cause });
  }
}
const cell = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
/** To four places: more than pixels and scores have. */
const round = (value: number): number => Math.round(value * 1e4) / 1e4;
const differences = (a: Json, b: Json): string => {
  const [before, now] = [a, b] as { [key: string]: Json }[];
  return Object.keys({ ...before, ...now })
    .filter((key) => JSON.stringify(before![key]) !== JSON.stringify(now![key]))
    .join(", ");
};
