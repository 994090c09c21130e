// One arm of benchmarks/search.mjs that another library searches: its Python process drives our command line over the same space
// at the same budget of images; what is left of the cost trains the policy that it found.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { imagesSeen, settingsOf } from "regimen";
import { stepsOf, tested } from "./ours.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const COMMAND = [process.execPath, here("../../packages/regimen/dist/bin.js")];
const ENGINE = JSON.parse(readFileSync(here("../../packages/core/package.json"), "utf8")).version;
/** The longest trial, in plain runs: of 20 epochs 9, so that halving by three has rungs at 1, 3 and 9. */
const LONGEST = 0.45;

/** A Python that has `packages`, or undefined. */
export function pythonWith(packages, asked) {
  const test = `import importlib.util as u, sys; sys.exit(any(u.find_spec(n) is None for n in ${JSON.stringify(packages)}))`;
  const known = [asked, process.env.REGIMEN_PYTHON, "python3", "python"].filter(Boolean);
  return known.find((python) => spawnSync(python, ["-c", test]).status === 0);
}

/** What our own searches would be asked: space, facts and costs. Nothing is trained. */
async function problemOf(regimen, options, budget) {
  let problem;
  const seen = new Error("the problem was seen");
  const looking = {
    name: "looking",
    claims: () => true,
    init(given) {
      problem = given;
      throw seen;
    },
    ask: () => [{ kind: "done", ok: true }, null],
  };
  await regimen.search({ ...options, metalearner: looking, search: { budget } }).then(undefined, (error) => {
    if (error !== seen) throw error;
  });
  return problem;
}

export async function peer(regimen, { script, algorithm }, { options, config, cost, epochs, seed, python }) {
  const problem = await problemOf(regimen, options, cost - 1);
  const { facts, plain } = problem;
  const folder = mkdtempSync(join(tmpdir(), "regimen-peer-"));
  const file = (name, content) => {
    writeFileSync(join(folder, name), JSON.stringify(content));
    return join(folder, name);
  };
  try {
    const { architecture } = options.model;
    const whole = { ...config, model: { architecture }, training: options.training, seed };
    const budget = (cost - 1) * plain.trained;
    const ask = {
      command: COMMAND,
      config: file("config.json", whole),
      folder: join(folder, "trials"),
      backend: regimen.backend.name,
      seed,
      engine: ENGINE,
      versions: Object.fromEntries(problem.techniques.map(({ name, version }) => [name, version])),
      train: settingsOf(options.training, facts.features, facts.images),
      problem: { techniques: problem.techniques, train: problem.train },
      images: facts.images,
      validation: facts.validation,
      budget,
      longest: Math.max(1, Math.round(epochs * Math.min(1, LONGEST * (cost - 1)))),
      algorithm,
    };
    const started = performance.now();
    const found = await answerOf(python, [here(`../peers/${script}`), file("ask.json", ask)]);
    const searchSeconds = (performance.now() - started) / 1000;
    const left = cost * plain.trained - found.spent;
    const result = await regimen.fit({
      ...options,
      policy: {
        ...found.best,
        train: {
          ...found.best.train,
          // A whole number of hundredths of an epoch, and the validation images, as our own final trainings have.
          epochs: Math.floor((100 * left) / facts.images) / 100,
          withValidation: true,
        },
      },
    });
    return {
      ...tested(result),
      steps: stepsOf(result.policy),
      train: result.policy.train,
      refused: [],
      trials: found.trials.length,
      told: found.trials,
      plain: plain.trained,
      searchImages: found.spent,
      finalImages: imagesSeen(result.cost),
      searchSeconds,
      finalSeconds: result.seconds,
      version: found.version,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The one line of JSON that a script prints. */
function answerOf(python, line) {
  return new Promise((resolve, reject) => {
    const child = spawn(python, line, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += text));
    child.stderr.on("data", (text) => (err += text));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`${line[0].split("/").at(-1)}: ${err.trim().split("\n").slice(-3).join(" | ")}`));
    });
  });
}
