// A search through Redis whose workers are killed (-9) at random moments, beside the same search in one process and by one worker: same
// trials, same ledger, same policy? On built packages, with redis-server or valkey-server installed, as root (network namespaces):
//
//   REGIMEN_TFJS_NODE=/a/folder/with/tfjs-node node benchmarks/kills.mjs --cifar FOLDER
//     [--images 2000] [--epochs 10] [--budget 2] [--workers 2] [--kills 10] [--seed 1] [--metalearner random] [--backend node]
//
// Each worker is in a network of its own, behind a cable to this one, and has one thread, as everything here has. A worker that was killed
// is started again after a second. The server wants a password. Prints a table; exit code 1 where the searches differ.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createRng } from "regimen";

const { values: asked } = parseArgs({
  options: {
    cifar: { type: "string" },
    images: { type: "string", default: "2000" },
    epochs: { type: "string", default: "10" },
    budget: { type: "string", default: "2" },
    workers: { type: "string", default: "2" },
    kills: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    metalearner: { type: "string", default: "random" },
    backend: { type: "string", default: "node" },
  },
});
if (!asked.cifar) throw new Error("where is CIFAR-10? --cifar FOLDER");
const [workers, kills] = [Number(asked.workers), Number(asked.kills)];
const BIN = fileURLToPath(new URL("../packages/regimen/dist/bin.js", import.meta.url));
const PASSWORD = "kills";
const home = mkdtempSync(join(tmpdir(), "regimen-kills-"));
const ONE_THREAD = { OMP_NUM_THREADS: "1", TF_NUM_INTRAOP_THREADS: "1", REGIMEN_THREADS: "1" };
const env = { ...process.env, ...ONE_THREAD, NO_COLOR: "1" };
const ip = (...args) => {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
};

/** A network of its own for each worker, all on one bridge with the server. */
function networks() {
  const bridge = `rgk${process.pid % 10_000}`;
  ip("link", "add", bridge, "type", "bridge");
  ip("addr", "add", "10.214.0.1/24", "dev", bridge);
  ip("link", "set", bridge, "up");
  const spaces = Array.from({ length: workers }, (_, at) => {
    const [space, near, far] = [`${bridge}-${at}`, `${bridge}n${at}`, `${bridge}f${at}`];
    ip("netns", "add", space);
    ip("link", "add", near, "type", "veth", "peer", "name", far, "netns", space);
    ip("link", "set", near, "master", bridge, "up");
    ip("-n", space, "addr", "add", `10.214.0.${at + 2}/24`, "dev", far);
    ip("-n", space, "link", "set", far, "up");
    return space;
  });
  const remove = () => {
    for (const space of spaces) ip("netns", "del", space);
    ip("link", "del", bridge);
  };
  return { host: "10.214.0.1", spaces, remove };
}

function startServer(host) {
  const program = ["valkey-server", "redis-server"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!program) throw new Error("neither valkey-server nor redis-server is installed");
  const port = 20_000 + (process.pid % 20_000);
  const flags = ["--port", port, "--bind", host, "--requirepass", PASSWORD, "--save", "", "--appendonly", "no"];
  const child = spawn(program, flags.map(String), { cwd: home, stdio: "ignore" });
  return { program, url: `redis://:${PASSWORD}@${host}:${port}`, stop: () => child.kill() };
}

/** `regimen search` into the folder `name`: policy, journal, and seconds by the clock from the first trial on. */
async function search(name, ...flags) {
  const out = join(home, "runs", name);
  const args = [
    BIN,
    "search",
    "--config",
    join(home, "regimen.yaml"),
    "--out",
    out,
    "--backend",
    asked.backend,
    ...flags,
  ];
  const child = spawn(process.execPath, [...args, "--quiet"], { env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  // The search begins when its folder is there: data are read by then, and the model is built.
  while (!existsSync(join(out, "search.json")) && child.exitCode === null) await sleep(50);
  const started = performance.now();
  const code = await ended;
  if (code !== 0) throw new Error(`${name}: exit code ${code}\n${said}`);
  const read = (file) => readFileSync(join(out, file), "utf8");
  const lines = read("journal.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { policy: JSON.parse(read("policy.json")), lines, seconds: (performance.now() - started) / 1000 };
}

const staff = new Map();
let [hired, working] = [0, true];
function hire(space, url) {
  const prefix = space ? ["ip", "netns", "exec", space] : [];
  const [command, ...args] = [...prefix, process.execPath, BIN, "worker", "--redis", url, "--runs", join(home, "runs")];
  const child = spawn(command, args, { env, stdio: "ignore" });
  hired++;
  staff.set(space, child);
  child.on("exit", async () => {
    await sleep(1000);
    if (working && staff.get(space) === child) hire(space, url);
  });
}
async function dismiss() {
  working = false;
  for (const child of staff.values()) child.kill("SIGKILL");
  staff.clear();
  await sleep(500);
  working = true;
}

/** In the order asked: the journal has them as they came. */
const trialsOf = ({ lines }) =>
  lines
    .filter(({ kind }) => kind === "trial")
    .map(({ value }) => value)
    .sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
const imagesOf = (run) => trialsOf(run).reduce((sum, { cost }) => sum + cost.trained + cost.inferred / 3, 0);
/** What a search came to, without what a clock says: every trial with its losses and its cost in images, and the policy. */
const essence = (run) =>
  JSON.stringify([
    trialsOf(run).map(({ cost, ...trial }) => ({ ...trial, cost: { ...cost, seconds: 0 } })),
    { ...run.policy, name: "" },
  ]);
const idsOf = ({ lines }) => lines.flatMap(({ kind, id }) => (id === undefined ? [] : [`${kind} ${id}`]));

mkdirSync(join(home, "runs"));
writeFileSync(
  join(home, "regimen.yaml"),
  `data:\n  train: { format: cifar10-binary, path: ${join(asked.cifar, "data_batch_1.bin")}, limit: ${asked.images} }\nmodel: { architecture: resnet20 }\nsearch: { metalearner: ${asked.metalearner}, budget: ${asked.budget} }\ntraining: { epochs: ${asked.epochs}, batchSize: 64 }\nseed: ${asked.seed}\n`,
);
const net = networks();
const server = startServer(net.host);
try {
  const here = await search("here");
  hire(net.spaces[0], server.url);
  const one = await search("one", "--redis", server.url, "--workers", "1");
  await dismiss();
  hired = 0;
  for (const space of net.spaces) hire(space, server.url);
  const two = await search("several", "--redis", server.url, "--workers", String(workers));
  await dismiss();
  hired = 0;
  for (const space of net.spaces) hire(space, server.url);
  const rng = createRng(Number(asked.seed)).fork("kills");
  const window = (1000 * two.seconds) / (kills + 1);
  let killed = 0;
  let over = false;
  const killing = (async () => {
    while (killed < kills && !over) {
      await sleep(window * (0.5 + rng.uniform()));
      if (over) break;
      staff.get(net.spaces[rng.int(workers)]).kill("SIGKILL");
      killed++;
    }
  })();
  const killedRun = await search("killed", "--redis", server.url, "--workers", String(workers));
  over = true;
  await killing;
  await dismiss();

  const rows = {
    "in one process": here,
    "one worker": one,
    [`${workers} workers`]: two,
    [`${workers} workers, ${killed} killed`]: killedRun,
  };
  let wrong = 0;
  console.log(
    `${server.program} with a password, ${asked.images} images, ResNet-20, budget ${asked.budget}, ${asked.metalearner}\n`,
  );
  console.log(
    "| search | trials | images | seconds | trials, ledger and policy | answered twice |\n| --- | ---: | ---: | ---: | --- | ---: |",
  );
  for (const [name, run] of Object.entries(rows)) {
    // As many outstanding requests as it had: where the budget ends, another number may ask for one trial more.
    const same = essence(run) === essence(run === here || run === one ? here : two);
    const ids = idsOf(run);
    const twice = ids.length - new Set(ids).size;
    if (!same || twice) wrong++;
    const images = Math.round(imagesOf(run)).toLocaleString("en");
    console.log(
      `| ${name} | ${trialsOf(run).length} | ${images} | ${run.seconds.toFixed(0)} | ${same ? "the same" : "**others**"} | ${twice} |`,
    );
  }
  const alike = essence(two) === essence(here);
  console.log(
    `\n${workers} workers and one process: ${alike ? "the same search" : "not the same number of trials, or others"}.`,
  );
  console.log(`Workers started in the last search: ${hired}.`);
  process.exitCode = wrong ? 1 : 0;
} finally {
  working = false;
  for (const child of staff.values()) child.kill("SIGKILL");
  server.stop();
  net.remove();
  rmSync(home, { recursive: true, force: true });
}
