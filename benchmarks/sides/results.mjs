// Rows of results on disk, and the tables that are made of them.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import prettier from "prettier";

export const machine = () =>
  `${cpus().length} cores of ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}`;

/** Every row of a file, in its order; none where there is no file. */
export function rowsIn(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line.trim()).map((line) => JSON.parse(line));
}
/** The latest row of each side and case. */
export function readRows(file) {
  const key = ({ model, batch, threads, side }) => [model, batch, threads, side].join();
  return [...new Map(rowsIn(file).map((row) => [key(row), row])).values()];
}
export function addRow(file, row) {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify(row)}\n`);
}

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
};
/** Half of what lies between the slowest and the fastest round, relative to the median. */
const spread = (values) => (Math.max(...values) - Math.min(...values)) / 2 / median(values);

const SIDES = {
  "ours-fit": "Regimen, `fit`",
  "ours-fit-all": "`fit`, all eight",
  "ours-step": "bare step",
  keras: "Keras",
  torch: "PyTorch",
  "torch-compile": "compiled",
};
const RATIOS = [
  ["`fit` / PyTorch", "ours-fit", "torch"],
  ["/ compiled", "ours-fit", "torch-compile"],
  ["/ Keras", "ours-fit", "keras"],
  ["`fit` / step", "ours-fit", "ours-step"],
  ["all eight / `fit`", "ours-fit-all", "ours-fit"],
];

/** The tables in Markdown, one for each number of threads. */
export function tables(rows) {
  const measured = rows.filter(({ rates }) => rates);
  const threads = [...new Set(measured.map((row) => row.threads))];
  return threads.map((count) => table(count, measured)).join("\n\n");
}

function table(threads, measured) {
  const rows = measured.filter((row) => row.threads === threads);
  const head = ["model, batch", ...Object.values(SIDES), ...RATIOS.map(([name]) => name)];
  const lines = [...new Set(rows.map(nameOf))].map((name) => {
    const rates = Object.fromEntries(rows.filter((row) => nameOf(row) === name).map((row) => [row.side, row.rates]));
    const cells = Object.keys(SIDES).map((side) => (rates[side] ? figure(rates[side]) : "—"));
    const ratios = RATIOS.map(([, above, below]) =>
      rates[above] && rates[below] ? (median(rates[above]) / median(rates[below])).toFixed(2) : "—",
    );
    return [name, ...cells, ...ratios];
  });
  const written = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const [{ machine, rounds }] = rows;
  const versions = [...new Set(rows.map(({ version }) => version))].join("; ");
  const title = threads === "all" ? "All threads" : `${threads} thread${threads === "1" ? "" : "s"}`;
  return `### ${title}\n\n${machine}. ${versions}. Medians of ${rounds} rounds.\n\n${written}`;
}

const nameOf = ({ model, batch }) => `\`${model}\`, ${batch}`;

function figure(rates) {
  const rate = median(rates);
  const rounded = rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
  return `${rounded} ± ${Math.round(100 * spread(rates))} %`;
}

const BEGIN = "<!-- side by side: written by benchmarks/side-by-side.mjs -->";
const END = "<!-- side by side: end -->";

/** Puts the tables between the markers of a page. */
export const writeInto = (page, rows) => writeBetween(page, [BEGIN, END], tables(rows));

export async function writeBetween(page, [begin, end], markdown) {
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} lacks the lines "${begin}" and "${end}" between which to write`);
  const joined = `${text.slice(0, from + begin.length)}\n\n${markdown}\n\n${text.slice(to)}`;
  const options = await prettier.resolveConfig(page);
  writeFileSync(page, await prettier.format(joined, { ...options, filepath: page }));
}
