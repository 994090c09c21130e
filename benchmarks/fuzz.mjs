// Thousands of spoilt files, seeded: configurations, policies and every data format, opened as a user would. Each must be an error
// with a code, a recorded skip, or a valid result: no other exception, no hang, no memory without bounds. On built packages:
//
//   node benchmarks/fuzz.mjs [--cases 10000] [--seed 1] [--format NAME …] [--case N]
//
// Each format runs in a process of its own, which is ended, and its case counted as wrong, when it says nothing for a minute.
// --case runs that one alone and says what came of it. Exit code 1 where anything went wrong.
import { fork } from "node:child_process";
import { parseArgs } from "node:util";

const { values: asked } = parseArgs({
  options: {
    cases: { type: "string", default: "10000" },
    seed: { type: "string", default: "1" },
    format: { type: "string", multiple: true },
    case: { type: "string" },
    child: { type: "boolean", default: false },
  },
});
const seed = Number(asked.seed);
const PATIENCE = 60_000;

if (asked.child) {
  const { run } = await import("./fuzz/case.mjs");
  process.on("message", async ({ format, index }) => process.send({ index, ...(await run(format, seed, index)) }));
  // What no case waited for.
  process.on("unhandledRejection", (error) => process.send({ stray: String(error?.stack ?? error) }));
  process.on("uncaughtException", (error) => process.send({ stray: String(error?.stack ?? error) }));
  process.send({ ready: process.resourceUsage().maxRSS });
} else {
  const { FORMATS, run } = await import("./fuzz/case.mjs");
  const formats = asked.format ?? FORMATS;
  if (asked.case !== undefined) {
    console.log(await run(formats[0], seed, Number(asked.case)));
    process.exit();
  }
  const share = Math.ceil(Number(asked.cases) / formats.length);
  const rows = [];
  for (const format of formats) rows.push(await all(format, share));
  tell(rows);
  process.exit(rows.some(({ wrong }) => wrong.length) ? 1 : 0);
}

/** All cases of a format, one after the other. */
async function all(format, cases) {
  const row = { format, cases: 0, outcomes: new Map(), wrong: [], slowest: 0, memory: 0 };
  let child;
  for (let index = 0; index < cases; index++) {
    child ??= await started();
    const told = await answer(child, { format, index });
    row.cases++;
    if (told.outcome) row.outcomes.set(told.outcome, (row.outcomes.get(told.outcome) ?? 0) + 1);
    row.slowest = Math.max(row.slowest, told.seconds ?? 0);
    row.memory = Math.max(row.memory, told.bytes ?? 0);
    if (told.wrong) {
      row.wrong.push(index);
      console.error(`${format}, case ${index}: ${told.wrong}`);
    }
    if (told.ended) child = undefined;
  }
  child?.kill("SIGKILL");
  return row;
}

function started() {
  const child = fork(process.argv[1], ["--child", "--seed", asked.seed], { execArgv: ["--max-old-space-size=1024"] });
  return new Promise((resolve) => child.once("message", () => resolve(child)));
}

function answer(child, asked) {
  return new Promise((resolve) => {
    const done = (told) => {
      clearTimeout(timer);
      child.off("message", onMessage).off("exit", onExit);
      resolve(told);
    };
    const ended = (wrong) => {
      child.kill("SIGKILL");
      done({ outcome: "uncoded", wrong, ended: true });
    };
    const timer = setTimeout(() => ended(`no end after ${PATIENCE / 1000} s`), PATIENCE);
    const onMessage = (told) => {
      if (told.stray) ended(`nobody caught: ${told.stray}`);
      else if (told.index === asked.index) done(told);
    };
    const onExit = (code, signal) => ended(`the process ended (${code ?? signal})`);
    child.on("message", onMessage).on("exit", onExit);
    child.send(asked);
  });
}

function tell(rows) {
  const codes = [...new Set(rows.flatMap(({ outcomes }) => [...outcomes.keys()]))]
    .filter((one) => one.startsWith("REG_"))
    .sort();
  const sum = (outcomes, keys) => keys.reduce((all, key) => all + (outcomes.get(key) ?? 0), 0);
  console.log("| format | cases | coded error | skip | valid | uncoded, wrong | slowest, s | memory, MiB |");
  console.log("| --- | --: | --: | --: | --: | --: | --: | --: |");
  for (const { format, cases, outcomes, wrong, slowest, memory } of rows)
    console.log(
      `| ${format} | ${cases} | ${sum(outcomes, codes)} | ${sum(outcomes, ["skip"])} | ${sum(outcomes, ["valid"])} | ${wrong.length} | ${slowest.toFixed(1)} | ${Math.round(memory / 2 ** 20)} |`,
    );
  console.log("\n| code | cases |\n| --- | --: |");
  for (const code of codes)
    console.log(`| ${code} | ${rows.reduce((all, { outcomes }) => all + sum(outcomes, [code]), 0)} |`);
  const total = rows.reduce((all, { cases }) => all + cases, 0);
  console.log(`\n${total} cases, seed ${seed}, ${rows.reduce((all, { wrong }) => all + wrong.length, 0)} wrong`);
}
