// Tables and page of benchmarks/search.mjs, made from its rows alone.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import { mean, told, verdict } from "../sides/statistics.mjs";
import { OURS, PLAIN } from "./arms.mjs";
import { costPlot, errorPlot } from "./plots.mjs";

const SIZE = ["data", "model", "images", "test", "epochs"];
const keyOf = (row) => SIZE.map((key) => row[key]).join();

/** Rows that may be compared: one data set, model, size and cost. The plain run of one plain run's cost stands in each. */
export function groupsOf(rows) {
  const groups = new Map();
  for (const row of rows.filter(({ arm }) => arm !== PLAIN)) {
    const key = `${keyOf(row)},${row.cost}`;
    const group = groups.get(key) ?? { ...Object.fromEntries(SIZE.map((name) => [name, row[name]])), cost: row.cost };
    groups.set(key, { ...group, rows: [...(group.rows ?? []), row] });
  }
  return [...groups.values()].map((group) => ({
    ...group,
    rows: [...rows.filter((row) => row.arm === PLAIN && keyOf(row) === keyOf(group)), ...group.rows],
  }));
}

const ended = ({ rows }) => rows.filter((row) => row.failed === undefined);

/** One arm's means, and what Regimen's own seeds say against it. Best loss first. */
function armsOf(group) {
  const rows = ended(group);
  const ours = new Map(rows.filter(({ arm }) => arm === OURS).map((row) => [row.seed, row]));
  const plain = rows.filter(({ arm }) => arm === PLAIN);
  return [...new Set(rows.map(({ arm }) => arm))]
    .map((arm) => {
      const own = rows.filter((row) => row.arm === arm);
      const paired = own.filter(({ seed }) => ours.has(seed));
      return { arm, rows: own, loss: mean(own.map((row) => row.loss)), change: (key) => changes(paired, ours, key) };
    })
    .map((one) => ({ ...one, less: lessError(one.rows, plain) }))
    .sort((a, b) => a.loss - b.loss);
}
/** Ours less theirs, seed by seed. */
const changes = (paired, ours, key) => paired.map((row) => ours.get(row.seed)[key] - row[key]);

/** Error taken off the plain run's, on the seeds that both have; null where there are none. */
function lessError(rows, plain) {
  const both = rows.filter(({ seed }) => plain.some((row) => row.seed === seed));
  if (!both.length) return null;
  const before = mean(plain.filter(({ seed }) => both.some((row) => row.seed === seed)).map(({ error }) => error));
  return before ? 1 - mean(both.map(({ error }) => error)) / before : null;
}

const table = (head, lines) =>
  [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
/** In plain runs. */
const runs = (rows, key) => mean(rows.map((row) => row[key] / row.plain)).toFixed(2);

export function tableOf(group) {
  const head = [
    "arm",
    "error, %",
    "less error",
    "loss",
    "ECE",
    "search",
    "search and final",
    "images seen",
    "seconds",
    "trials",
    "Regimen against it",
    "seeds",
  ];
  return table(
    head,
    armsOf(group).map(({ arm, rows, less, change }) => [
      arm === OURS ? `**${arm}**` : arm,
      told(
        rows.map((row) => row.error),
        1,
        100,
      ),
      less === null || arm === PLAIN ? "" : `${(100 * less).toFixed(0)} %`,
      told(
        rows.map((row) => row.loss),
        3,
      ),
      told(
        rows.map((row) => row.ece),
        3,
      ),
      runs(rows, "searchImages"),
      runs(rows, "imagesSeen"),
      Math.round(mean(rows.map((row) => row.imagesSeen))).toLocaleString("en"),
      told(
        rows.map((row) => row.seconds),
        0,
      ),
      rows[0].trials === undefined
        ? ""
        : told(
            rows.map((row) => row.trials),
            0,
          ),
      arm === OURS || arm === PLAIN ? "" : against(change("error")),
      rows.length,
    ]),
  );
}

/** "−1.2 points: better". */
function against(differences) {
  if (!differences.length) return "no seed in common";
  const points = 100 * mean(differences);
  return `${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)} points: ${verdict(differences)}`;
}

/** A sentence about the best peer: whoever has the lowest mean of `key` but Regimen. */
function bestPeer(group, key) {
  const arms = armsOf(group);
  const ours = arms.find(({ arm }) => arm === OURS);
  const peers = arms.filter(({ arm, change }) => arm !== OURS && arm !== PLAIN && change(key).length);
  if (!ours || !peers.length) return [];
  const meanOf = ({ rows }) => mean(rows.map((row) => row[key]));
  const best = peers.reduce((a, b) => (meanOf(b) < meanOf(a) ? b : a));
  const differences = best.change(key);
  const theirs = mean(best.rows.map((row) => row[key]));
  const share = (100 * mean(differences)) / theirs;
  const word = share > 0 ? "above" : "below";
  return [
    `By ${key}, the best peer is ${best.arm} (${theirs.toFixed(4)}); Regimen is ${Math.abs(share).toFixed(1)} % ${word} it, ${verdict(differences)} (${differences.length} paired seeds).`,
  ];
}

/** How often each arm refused what, with evidence or without. */
function refusals(group) {
  const lines = armsOf(group).flatMap(({ arm, rows }) => {
    const counts = new Map();
    for (const { refused = [] } of rows) for (const { use } of refused) counts.set(use, (counts.get(use) ?? 0) + 1);
    const words = [...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([use, count]) => `${use.replace("@regimen/technique-", "")} ${count} of ${rows.length}`);
    return words.length ? [`- ${arm}: ${words.join(", ")}`] : [];
  });
  return lines.length ? `Refused:\n\n${lines.join("\n")}` : "Nothing was refused.";
}

const failures = ({ rows }) =>
  rows.filter((row) => row.failed).map(({ arm, seed, failed }) => `- ${arm}, seed ${seed}: ${failed}`);

/** docs/search.md, and the pictures that it shows. */
export async function writePage(root, rows, sets) {
  const groups = groupsOf(rows);
  const pictures = join(root, "docs/search");
  mkdirSync(pictures, { recursive: true });
  const sections = groups.map((group) => {
    const { data, model, images, test, epochs, cost } = group;
    const name = `${data}-${model}-${images}-${epochs}-${cost}`;
    const arms = armsOf(group);
    writeFileSync(join(pictures, `${name}-error.svg`), errorPlot(arms));
    writeFileSync(join(pictures, `${name}-cost.svg`), costPlot(arms));
    const backends = [...new Set(group.rows.map(({ backend }) => backend))].join(", ");
    const versions = [...new Set(group.rows.flatMap(({ version }) => version ?? []))].join(", ");
    const failed = failures(group);
    const count = (n) => n.toLocaleString("en");
    return [
      `## ${sets[data].title}, ${model}, ${count(images)} images, ${cost} plain runs`,
      `A plain run is ${epochs} epochs; ${count(images)} images, of which ${images < 1000 ? "a fifth" : "a tenth"} is held out for validation; tested on ${count(test)} others; backend ${backends}${versions && `; ${versions}`}.`,
      tableOf(group),
      [...bestPeer(group, "error"), ...bestPeer(group, "loss")].join("\n"),
      `![Error of each arm on the test images](search/${name}-error.svg)`,
      `![Images of search and final training of each arm](search/${name}-cost.svg)`,
      refusals(group),
      ...(failed.length ? [`Failed:\n\n${failed.join("\n")}`] : []),
    ]
      .filter(Boolean)
      .join("\n\n");
  });
  const file = join(root, "docs/search.md");
  const options = await prettier.resolveConfig(file);
  const text = [INTRODUCTION, ...sections].join("\n\n");
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
}

const INTRODUCTION = `# Search beside search

\`node benchmarks/search.mjs --data fashion --data cifar10=FOLDER --data neu=FOLDER --write\`. All arms of a table have the same total cost, search and final training together, in images seen (forward and backward 1, forward
alone a third); only "${PLAIN}" has one plain run. The same seed means the same split, first weights and order of the data. Mean ± standard deviation over seeds. "Less error": of the plain run's error.

- **Regimen**: the default metalearner, without a baseline; the trunk that it forks is paid for by the search.
- **random, ASHA, TPE, Hyperband**: our own, as metalearners, on the same footing.
- **none**, **mirror + translate**, **RandAugment alone** and what begins with **+** (beside mirror and translate): a policy by hand, with the whole cost as longer training.
- **Optuna**, **Ray Tune**: their searches over the same space, beginning with the same two policies, driving our trainer through \`regimen fit\`. A trial is at most
  0.45 of a plain run; what they prune is interrupted, and its images count as far as it had come. Starting a process and measuring its speed for each trial is in their seconds.

Seconds tell something only where nothing else ran on the machine, which was not so throughout: do not compare them.

"Regimen against it": Regimen's error less this arm's, seed by seed; by chance or not by a paired t-interval at 95 %.`;
