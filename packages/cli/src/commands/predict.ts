import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { RegimenError, type Source } from "@regimen/contracts";
import * as tf from "@tensorflow/tfjs-core";
import { glob } from "tinyglobby";
import { absoluteIfPath } from "../config/place.ts";
import type { Console } from "../display/console.ts";
import type { Io } from "../io.ts";
import { openSaved, type SavedModel } from "../job/saved.ts";
import { loadPlugins } from "../plugins/load.ts";

type PredictFlags = { readonly model: string; readonly backend?: string; readonly plugin?: readonly string[] };
type Answer = {
  readonly file: string;
  readonly class: string;
  readonly probabilities: Readonly<Record<string, number>>;
};

/** Images that go through the model at once. */
const BATCH = 64;

export async function predictCommand(
  io: Io,
  console: Console,
  files: readonly string[],
  flags: PredictFlags,
): Promise<void> {
  const path = await expanded(files, io.cwd);
  const loaded = await loadPlugins(
    io,
    (flags.plugin ?? []).map((name) => absoluteIfPath(name, io.cwd)),
    ["backend", "reader"],
  );
  const regimen = await io.createRegimen({
    plugins: loaded.map(({ plugin }) => plugin),
    backend: flags.backend ?? "auto",
  });
  try {
    const saved = await openSaved(flags.model, io.cwd);
    try {
      if (saved.task === "detection")
        throw new RegimenError(
          "REG_TASK",
          `${flags.model} finds boxes, and predict answers with classes of images; read its map with detect of @regimen/scaffold-detector, or use regimen evaluate on images with boxes`,
        );
      const spec = { format: "image-folder", path, labels: false } as const;
      const source = await regimen.open(spec, {
        base: io.cwd,
        ...saved.how,
        ...(saved.classes && { classes: saved.classes }),
      });
      try {
        for (const { file, why } of source.skipped) console.warn("REG_DATA_UNREADABLE", `${file}: ${why}`);
        const answers = await predict(saved, source, (answer) => console.say(JSON.stringify(answer)));
        console.json(answers);
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

async function predict(
  { model, classes, logits, task }: SavedModel,
  source: Source,
  each: (answer: Answer) => void,
): Promise<Answer[]> {
  const { h, w, c } = source.format;
  const answers: Answer[] = [];
  for (let from = 0; from < source.length; from += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, source.length - from) }, (_, i) => from + i);
    const { images } = await source.read(rows);
    const outputs = tf.tidy(() => {
      const output = model.predict(tf.tensor4d(Float32Array.from(images), [rows.length, h, w, c])) as tf.Tensor;
      if (output.rank === 4) return pixelShares(output as tf.Tensor4D, logits);
      return (
        !logits ? output : task === "multilabel_classification" ? tf.sigmoid(output) : tf.softmax(output)
      ) as tf.Tensor2D;
    });
    const width = outputs.shape[1]!;
    const values = await outputs.data();
    outputs.dispose();
    for (const [i, row] of rows.entries()) {
      const own = [...values.subarray(i * width, (i + 1) * width)];
      const answer = told(source.id(row), own, classes, task === "multilabel_classification");
      each(answer);
      answers.push(answer);
    }
  }
  return answers;
}

/** Of each image, the share of its pixels that each class is the likeliest for: [n, classes]. */
function pixelShares(answers: tf.Tensor4D, logits: boolean): tf.Tensor2D {
  const k = Math.max(2, answers.shape[3]);
  // One value a pixel is the second of two classes: from ½ on, or from 0 on as a logit.
  const chosen =
    answers.shape[3] === 1
      ? tf.cast(tf.greaterEqual(tf.squeeze(answers, [3]), logits ? 0 : 0.5), "int32")
      : tf.argMax(answers, 3);
  return tf.mean(tf.cast(tf.equal(tf.expandDims(chosen, 3), tf.range(0, k, 1, "int32")), "float32"), [1, 2]);
}

function told(
  file: string,
  given: readonly number[],
  classes: readonly string[] | undefined,
  several: boolean,
): Answer {
  // One output is the chance of the second of two classes.
  const shares = given.length === 1 && !several ? [1 - given[0]!, given[0]!] : given;
  const names = shares.map((_, i) => classes?.[i] ?? String(i));
  const best = shares.indexOf(Math.max(...shares));
  return {
    file,
    class: several ? names.filter((_, i) => shares[i]! >= 0.5).join("|") : names[best]!,
    probabilities: Object.fromEntries(names.map((name, i) => [name, Number(shares[i]!.toPrecision(6))])),
  };
}
