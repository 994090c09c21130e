// What many workers gain, in simulation, and what a queued trial costs, measured. On built packages:
//
//   node benchmarks/executors.mjs                       simulated: up to 1,000 workers, trial times drawn from measured ones
//   node benchmarks/executors.mjs --same                simulated: does a search find the same with four outstanding as with one?
//   node benchmarks/executors.mjs --redis redis://127.0.0.1:6379 [--trials 10000]    measured: trials that do nothing, through BullMQ
//   node benchmarks/executors.mjs --processes [--trials 10000]                       the same through worker processes
//
// executors/paces.json holds seconds an image of every trial of some searches, over the median of its search.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { overhead } from "./executors/overhead.mjs";
import { same } from "./executors/same.mjs";
import { simulated } from "./executors/simulated.mjs";

const { values: asked } = parseArgs({
  options: {
    redis: { type: "string" },
    processes: { type: "boolean", default: false },
    same: { type: "boolean", default: false },
    trials: { type: "string", default: "10000" },
    workers: { type: "string", default: "4" },
  },
});
if (asked.redis || asked.processes)
  await overhead({ url: asked.redis, trials: Number(asked.trials), workers: Number(asked.workers) });
else if (asked.same) await same();
else await simulated(JSON.parse(readFileSync(new URL("executors/paces.json", import.meta.url), "utf8")));
process.exit();
