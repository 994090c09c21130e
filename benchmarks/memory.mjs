// The most memory that a training takes: one model after the other by Regimen, Keras and PyTorch, each in a process of its own, which
// compiles or records, and makes a few steps. Linux alone tells it. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/memory.mjs [--models resnet20,resnet18,efficientnetb0] [--batches 64,256]
//     [--python PATH] [--write]
//
// --write: puts the table into docs/benchmarks.md. Takes about ten minutes. The peers need a Python with the packages of
// benchmarks/peers/requirements.txt: --python, REGIMEN_PYTHON, or python3.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdown } from "./sides/arms.mjs";
import { open } from "./sides/open.mjs";
import { machine, writeBetween } from "./sides/results.mjs";

const { values: asked } = parseArgs({
  options: {
    models: { type: "string", default: "resnet20,resnet18,efficientnetb0" },
    batches: { type: "string", default: "64,256" },
    python: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const SIDES = {
  "ours-fit": "Regimen, `fit`",
  "ours-fit-all": "`fit`, all eight",
  keras: "Keras",
  torch: "PyTorch",
  "torch-compile": "compiled",
};
const STEPS = 5;

/** The peak of a side's resident memory in words; why not, where it cannot run here. */
async function peakOf(side, of) {
  const { child, skipped } = await open(side, of, asked.python);
  if (skipped) return `skipped: ${skipped}`;
  try {
    await child.round(1, STEPS, { left: 0 });
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
    return (kilobytes / 2 ** 20).toFixed(2);
  } finally {
    await child.end();
  }
}

const lines = [];
for (const model of asked.models.split(","))
  for (const batch of asked.batches.split(",").map(Number)) {
    const line = [`\`${model}\`, ${batch}`];
    for (const side of Object.keys(SIDES)) line.push(await peakOf(side, { model, batch, threads: "all" }));
    lines.push(line);
    console.log(line.join("  "));
  }
const table = `${machine()}. GiB, TensorFlow or PyTorch themselves included.\n\n${markdown(["model, batch", ...Object.values(SIDES)], lines)}`;
console.log(`\n${table}`);
const page = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));
const marks = ["<!-- memory: written by benchmarks/memory.mjs -->", "<!-- memory: end -->"];
if (asked.write) await writeBetween(page, marks, table);
