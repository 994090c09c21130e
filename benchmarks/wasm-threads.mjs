// What to use several cores for, on WebAssembly: threads that share each kernel's work, or processes side by side (as
// data-parallel workers or trials at once would be; they have nothing to tell each other here, so this is the most that
// either could give). Training steps of batches of 64. On built packages, with nothing else running:
//
//   node benchmarks/wasm-threads.mjs [resnet20] [cnn] [--count N]
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { backend, measure, models, primitives } from "./steps.mjs";

const self = fileURLToPath(import.meta.url);
const options = process.argv.slice(2);
const SECONDS = 8;

if (options[0] === "--one") {
  const [, name, seconds] = options;
  const { device } = await (await backend("wasm")).wasm.load();
  const model = models[name];
  const first = measure(model, primitives, model.steps[1]);
  const steps = Math.max(model.steps[1], Math.round((first.rate * Number(seconds)) / 64));
  const { rate, perCpuSecond, loss } = measure(model, primitives, steps);
  process.stdout.write(JSON.stringify({ device, rate, perCpuSecond, steps, loss, first: first.loss }));
} else {
  const at = options.indexOf("--count");
  const count = at < 0 ? availableParallelism() : Number(options[at + 1]);
  const wanted = options.filter((option) => option in models);
  for (const name of wanted.length > 0 ? wanted : Object.keys(models)) {
    const alone = await one(name, 1);
    const threads = await one(name, count);
    const processes = await Promise.all(Array.from({ length: count }, () => one(name, 1)));
    const together = processes.reduce((sum, { rate }) => sum + rate, 0);
    const same = alone.first === threads.first ? "equal" : "UNEQUAL";
    console.log(
      `${name}: one thread ${alone.rate.toFixed(0)} images/s; ${count} threads ${said(threads.rate, alone)}, losses ${same}; ` +
        `${count} processes together ${said(together, alone)}`,
    );
  }
}

function said(rate, alone) {
  return `${rate.toFixed(0)} (× ${(rate / alone.rate).toFixed(2)})`;
}

function one(name, threads) {
  const child = spawn(process.execPath, [self, "--one", name, String(SECONDS)], {
    env: { ...process.env, REGIMEN_THREADS: String(threads) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.on("data", (data) => (out += data));
  return new Promise((resolve, reject) => {
    child.on("close", (code) =>
      code === 0 ? resolve(JSON.parse(out)) : reject(new Error(`a process ended with ${code}`)),
    );
  });
}
