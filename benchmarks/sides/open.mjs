// The sides of a comparison, and how one is started.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Child } from "./child.mjs";

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
/** Of an image, by model. */
export const SHAPES = {
  resnet20: [32, 32, 3],
  resnet18: [32, 32, 3],
  efficientnetb0: [32, 32, 3],
  "small-cnn": [28, 28, 1],
};
export const SIDES = {
  "ours-fit": { node: "./side-fit.mjs", with: { everything: false } },
  "ours-fit-all": { node: "./side-fit.mjs", with: { everything: true } },
  "ours-step": { node: "./side-step.mjs" },
  keras: { python: "./peers/keras_side.py", needs: ["tensorflow", "keras"] },
  torch: { python: "./peers/torch_side.py", needs: ["torch"], with: { compile: false } },
  "torch-compile": { python: "./peers/torch_side.py", needs: ["torch"], with: { compile: true } },
};
/** A Python that has `packages`, or undefined. */
function pythonWith(packages, asked) {
  const test = `import importlib.util as u, sys; sys.exit(any(u.find_spec(n) is None for n in ${JSON.stringify(packages)}))`;
  const known = [asked, process.env.REGIMEN_PYTHON, "python3", "python"].filter(Boolean);
  return known.find((python) => spawnSync(python, ["-c", test]).status === 0);
}

/** What binds a process to the first so many processors, where the system has it. */
const taskset = (count) => ["taskset", "-c", `0-${count - 1}`];
const [pin, ...pinning] = taskset(1);
const pinned = spawnSync(pin, [...pinning, process.execPath, "-e", "0"]).status === 0;

/** Starts a side, or says why it cannot be. `of`: model, batch and threads. */
export async function open(side, of, asked) {
  const { node, python, needs, with: own } = SIDES[side];
  const command = node ? process.execPath : pythonWith(needs, asked);
  if (!command) return { skipped: `no Python here has ${needs.join(" and ")} (--python, REGIMEN_PYTHON)` };
  const limit = of.threads === "all" ? 0 : Number(of.threads);
  const ask = { model: of.model, shape: SHAPES[of.model], classes: 10, batch: of.batch, threads: limit, ...own };
  const names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"];
  const env = limit ? Object.fromEntries(names.map((name) => [name, `${limit}`])) : {};
  const line = [...(limit && pinned ? taskset(limit) : []), command, here(node ?? python), JSON.stringify(ask)];
  const child = new Child(line, { ...env, PYTHONDONTWRITEBYTECODE: "1" });
  const why = await child.ready();
  if (why === undefined) return { child };
  await child.end();
  return { skipped: why };
}
