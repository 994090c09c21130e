// Training in Regimen, Keras and PyTorch side by side: the same model, batch and optimizer (fp32, SGD with Nesterov's momentum,
// softmax cross entropy, 10 classes, 50,000 random images in memory), each side in a process of its own, taking turns in rounds
// of a few seconds. Compiling and warming up are not counted; a side that waits uses no processor. On built packages:
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/side-by-side.mjs [--full] [--write]
//     --models resnet20,resnet18,efficientnetb0,small-cnn   --batches 64,256   --threads 1,all
//     --sides ours-fit,ours-fit-all,ours-step,keras,torch,torch-compile
//     --rounds 3   --seconds 5   --python PATH   --out FILE.jsonl
//
// --full: all models, batches and threads (about two hours; without it about a quarter of an hour). --write: puts the tables
// into docs/benchmarks.md. --out (.cache/side-by-side.jsonl) is appended to as figures come; what it holds already is not
// measured again, unless other work on the machine disturbed it. The peers need a Python with the packages of
// benchmarks/peers/requirements.txt: --python, REGIMEN_PYTHON, or python3.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DISTURBED } from "./sides/child.mjs";
import { SHAPES, SIDES, open } from "./sides/open.mjs";
import { addRow, machine, median, readRows, tables, writeInto } from "./sides/results.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
/** A round has at least so many steps, however slow they are. */
const STEPS = 3;
/** Milliseconds that one comparison may lose to other work on the machine. */
const PATIENCE = 60_000;

const { values: options } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    models: { type: "string" },
    batches: { type: "string" },
    threads: { type: "string" },
    sides: { type: "string", default: Object.keys(SIDES).join() },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    python: { type: "string" },
    out: { type: "string", default: here("../.cache/side-by-side.jsonl") },
  },
});
const chosen = (name, all, few) => (options[name] ?? (options.full ? all : few)).split(",");
const models = chosen("models", Object.keys(SHAPES).join(), "resnet20,resnet18,small-cnn");
const batches = chosen("batches", "64,256", "64").map(Number);
const threads = chosen("threads", "1,all", "all");
const sides = options.sides.split(",");
for (const [what, given, known] of [
  ["model", models, Object.keys(SHAPES)],
  ["side", sides, Object.keys(SIDES)],
])
  for (const name of given)
    if (!known.includes(name)) throw new Error(`there is no ${what} "${name}"; there are ${known.join(", ")}`);

/** All sides of one model, batch and number of threads, in turns. */
async function compare(of) {
  const began = performance.now();
  console.log(`\n${of.model}, batch ${of.batch}, threads: ${of.threads}`);
  const running = new Map();
  const leaveOut = (side, why) => {
    console.log(`  ${side}: skipped: ${why}`);
    running.delete(side);
    addRow(options.out, { ...of, side, skipped: why });
  };
  const children = [];
  try {
    for (const side of sides) {
      const { child, skipped } = await open(side, of, options.python);
      if (skipped) leaveOut(side, skipped);
      else {
        children.push(child);
        running.set(side, { child, rounds: [] });
      }
    }
    expectSameModels(running);
    const patience = { left: PATIENCE };
    for (let round = 0; round < Number(options.rounds); round++)
      for (const [side, { child, rounds }] of running) {
        const done = await child.round(Number(options.seconds), STEPS, patience).catch((error) => error);
        if (done instanceof Error) leaveOut(side, done.message);
        else rounds.push(done);
      }
  } finally {
    for (const child of children) await child.end();
  }
  for (const [side, { child, rounds }] of running) {
    const { ready: _, ...about } = child.about;
    const rates = rounds.map(({ rate }) => rate);
    const cores = median(rounds.map((round) => round.cores));
    const others = Math.max(...rounds.map((round) => round.others));
    addRow(options.out, { ...of, side, rates, rounds: rates.length, cores, others, machine: machine(), ...about });
    const disturbed = others > DISTURBED ? `; something else took ${others.toFixed(1)} of a processor` : "";
    console.log(
      `  ${side.padEnd(13)} ${median(rates).toFixed(1).padStart(8)} images/s on ${cores.toFixed(2)} processors (${about.mode}${disturbed})`,
    );
  }
  console.log(`  ${((performance.now() - began) / 60_000).toFixed(1)} minutes`);
}

function expectSameModels(running) {
  const counts = [...running].map(([side, { child }]) => [side, JSON.stringify(child.about.parameters)]);
  const different = new Set(counts.map(([, count]) => count));
  if (different.size > 1)
    throw new Error(`the sides' models differ: ${counts.map((pair) => pair.join(" ")).join(", ")}`);
  if (different.size === 1) console.log(`  parameters of every side: ${[...different][0]}`);
}

for (const count of threads)
  for (const model of models)
    for (const batch of batches) {
      const of = { model, batch, threads: count };
      const done = readRows(options.out)
        .filter((row) => Object.keys(of).every((key) => row[key] === of[key]) && !(row.others > DISTURBED))
        .map((row) => row.side);
      if (!sides.every((side) => done.includes(side))) await compare(of);
    }
const rows = readRows(options.out);
console.log(`\n${tables(rows)}`);
if (options.write) await writeInto(here("../docs/benchmarks.md"), rows);
