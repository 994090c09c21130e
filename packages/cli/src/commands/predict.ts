import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegimenError, type Scaffold, type Source } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import { glob } from "tinyglobby";
import { absoluteIfPath } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import { count, row } from "../display/style.ts";
import type { Io } from "../io.ts";
import { openSaved, type SavedModel } from "../job/saved.ts";
import { loadPlugins } from "../plugins/load.ts";
import { answersOf, probabilitiesOf, type Answered, type Told } from "./predict-answers.ts";
import { AnswerFolder } from "./predict-files.ts";

type PredictFlags = {
  readonly model: string;
  readonly out?: string;
  readonly overlays?: boolean;
  readonly backend?: string;
  readonly plugin?: readonly string[];
};

/** Images that go through the model at once. */
const BATCH = 64;

export async function predictCommand(
  io: Io,
  console: Console,
  files: readonly string[],
  flags: PredictFlags,
): Promise<void> {
  if (flags.overlays && flags.out === undefined)
    throw new RegimenError("REG_USAGE", "--overlays draws into a folder; say which with --out DIR");
  const folder = flags.out === undefined ? undefined : new AnswerFolder(resolve(io.cwd, flags.out), flags.out);
  const path = await expanded(files, io.cwd);
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["backend", "reader", "scaffold"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const saved = await openSaved(flags.model, io.cwd);
    try {
      const scaffold = scaffoldFor(saved, regimen.registered.scaffolds, flags);
      const spec = { format: "image-folder", path, labels: false } as const;
      const source = await regimen.open(spec, {
        base: io.cwd,
        ...saved.how,
        ...(saved.classes && { classes: saved.classes }),
      });
      try {
        for (const { file, why } of source.skipped) console.warn("REG_DATA_UNREADABLE", `${file}: ${why}`);
        folder?.expect(Array.from({ length: source.length }, (_, i) => source.id(i)));
        const told: Told[] = [];
        const job = { saved, scaffold, source, overlays: flags.overlays === true, cwd: io.cwd };
        for await (const answered of predicted(job)) {
          const answer = folder ? await folder.add(answered) : answered.told;
          if (!folder) console.say(JSON.stringify(answer));
          told.push(answer);
        }
        folder?.finish(saved.classes);
        console.json(told);
        if (folder)
          console.say(row(console.ink, "written", `${flags.out}: the answers for ${count(told.length)} images`));
      } finally {
        source.dispose();
      }
    } finally {
      saved.model.dispose();
    }
  } finally {
    await regimen.dispose();
  }
}

/** Who reads a model's answers; undefined where they are probabilities of classes. Errors: REG_SCAFFOLD_MISSING, REG_TASK. */
function scaffoldFor(
  { model, task }: SavedModel,
  scaffolds: readonly Scaffold[],
  flags: PredictFlags,
): Scaffold | undefined {
  const map = model.outputs[0]!.shape.length > 2;
  // Without metadata nobody says the task: a map of classes is read as masks.
  const of = map && task === "classification" ? "semantic_segmentation" : task;
  const scaffold = scaffolds.findLast(({ tasks }) => tasks.includes(of));
  if (map && !scaffold?.answer)
    throw new RegimenError(
      "REG_SCAFFOLD_MISSING",
      `${flags.model} was trained for ${of}, and no installed scaffold reads its answers; install one, or name it with --plugin`,
    );
  if (flags.overlays && !scaffold?.draw)
    throw new RegimenError(
      "REG_TASK",
      `${flags.model} was trained for ${of}, of which no installed scaffold draws overlays; leave --overlays out`,
    );
  return scaffold;
}

/** Patterns that the shell left as they are (as Windows' do). Errors: REG_DATA_PATH. */
async function expanded(files: readonly string[], cwd: string): Promise<string[]> {
  const found = await Promise.all(
    files.map(async (file) => {
      if (existsSync(resolve(cwd, file)) || !/[*?[{]/.test(file)) return [file];
      const matches = await glob(file.replaceAll("\\", "/"), { cwd });
      if (matches.length === 0)
        throw new RegimenError("REG_DATA_PATH", `no file matches ${file}; name image files, or a folder of them`);
      return matches.sort();
    }),
  );
  return found.flat();
}

type Job = {
  readonly saved: SavedModel;
  readonly scaffold: Scaffold | undefined;
  readonly source: Source;
  readonly overlays: boolean;
  readonly cwd: string;
};

/** One image after the other. */
async function* predicted({ saved, scaffold, source, overlays, cwd }: Job): AsyncGenerator<Answered> {
  const { model, thresholds } = saved;
  const { format } = source;
  const { h, w, c } = format;
  for (let from = 0; from < source.length; from += BATCH) {
    const chosen = Array.from({ length: Math.min(BATCH, source.length - from) }, (_, i) => from + i);
    const rows = await source.read(chosen);
    const answers = tf.tidy(() =>
      [model.predict(tf.tensor4d(Float32Array.from(rows.images), [chosen.length, h, w, c]))].flat(),
    );
    try {
      const files = chosen.map((one) => source.id(one));
      const of = { answers, model, format };
      const told = scaffold?.answer
        ? await answersOf(await scaffold.answer(of), files, { ...saved, size: { h, w }, cwd })
        : (await probabilitiesOf(answers[0]!, files, saved)).map((one): Answered => ({ told: one }));
      const drawn = overlays ? await scaffold!.draw!({ ...of, rows, ...(thresholds && { thresholds }) }) : undefined;
      for (const [i, one] of told.entries()) {
        if (!drawn) {
          yield one;
          continue;
        }
        const size = drawn.format.h * drawn.format.w * drawn.format.c;
        // The last of its row is the answer.
        const at = ((i + 1) * drawn.columns - 1) * size;
        yield { ...one, overlay: { ...drawn, images: drawn.images.slice(at, at + size), columns: 1 } };
      }
    } finally {
      tf.dispose(answers);
    }
  }
}
