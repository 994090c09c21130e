// One arm of benchmarks/tasks.mjs in Keras: our plain model as it begins, layer by layer, trained there with the same recipe on the
// same images; its weights come back and are judged as ours are.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, saveModel, settingsOf } from "regimen";

const SCRIPT = fileURLToPath(new URL("../peers/tasks_side.py", import.meta.url));
/** A step of this size changes nothing but batch normalisation's averages, which training makes anew. */
const STILL = 1e-12;

export async function keras(regimen, _, { options, epochs, seed, python, scratch }) {
  const { train, validation, test } = options.data;
  const settings = settingsOf({ epochs }, ["batch-norm"], train.length);
  const folder = mkdtempSync(join(scratch, "keras-"));
  try {
    // By the same seed the same first weights as those of our own plain training.
    const training = { epochs: settings.batchSize / train.length, learningRate: STILL };
    const start = await regimen.fit({ ...options, data: { train, validation }, training, policy: "none" });
    await saveModel(start.model, join(folder, "model"));
    start.model.dispose();
    const steps = Math.ceil((epochs * train.length) / settings.batchSize);
    const schedule = regimen.registered.schedules.find(({ name }) => name === settings.schedule);
    const rates = Array.from({ length: steps }, (_, step) => settings.learningRate * schedule.at(step / steps, {}));
    const ask = { task: options.task, seed, rates, batch: settings.batchSize, ...(await dump(train, folder)) };
    const { version } = await answerOf(python, [SCRIPT, folder, write(folder, "ask.json", ask)]);
    const model = await loadModel(join(folder, "model"));
    const { error, loss, ece } = await regimen.evaluate({ model, data: test, task: options.task });
    model.dispose();
    return { error, loss, ece, version, steps: [], imagesSeen: steps * settings.batchSize };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(folder, name, content) {
  writeFileSync(
    join(folder, name),
    typeof content === "string" || ArrayBuffer.isView(content) ? content : JSON.stringify(content),
  );
  return join(folder, name);
}

/** All rows as raw numbers, in files, and their shapes. */
async function dump(source, folder) {
  const rows = await source.read(Array.from({ length: source.length }, (_, row) => row));
  const { h, w, c } = source.format;
  const columns = { images: rows.images, labels: rows.labels, masks: rows.masks, boxes: rows.boxes?.at };
  if (rows.boxes) Object.assign(columns, { boxLabels: rows.boxes.labels, boxWeights: rows.boxes.weights });
  mkdirSync(folder, { recursive: true });
  const types = { Uint8Array: "uint8", Float32Array: "float32", Int32Array: "int32" };
  const files = Object.entries(columns).filter(([, values]) => values);
  for (const [name, values] of files) write(folder, `${name}.bin`, values);
  return {
    shape: [source.length, h, w, c],
    classes: source.classes.length,
    columns: Object.fromEntries(files.map(([name, values]) => [name, types[values.constructor.name]])),
  };
}

/** The one line of JSON that the script prints. */
function answerOf(python, line) {
  return new Promise((resolve, reject) => {
    const child = spawn(python, line, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    const [out, err] = [[], []];
    child.stdout.on("data", (text) => out.push(text));
    child.stderr.on("data", (text) => err.push(text));
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString()));
      else
        reject(new Error(`${SCRIPT} ended with ${code}: ${Buffer.concat(err).toString().trim().split("\n").at(-1)}`));
    });
  });
}
