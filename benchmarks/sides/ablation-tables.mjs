// Tables of benchmarks/ablations.mjs: means and standard deviations over seeds, differences from the plain training of the same seed.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import prettier from "prettier";
import { mean, told, verdict } from "./statistics.mjs";

const PLAIN = "plain";

function lines(rows) {
  const done = rows.filter((row) => row.error !== undefined);
  const arms = [...new Set(done.map(({ arm }) => arm))];
  const plain = new Map(done.filter(({ arm }) => arm === PLAIN).map((row) => [row.seed, row]));
  return arms.map((arm) => {
    const own = done.filter((row) => row.arm === arm);
    const paired = own.filter(({ seed }) => plain.has(seed));
    const change = paired.map((row) => row.error - plain.get(row.seed).error);
    return {
      arm,
      seeds: own.length,
      error: told(
        own.map((row) => row.error),
        1,
        100,
      ),
      loss: told(
        own.map((row) => row.loss),
        3,
      ),
      ece: told(
        own.map((row) => row.ece),
        3,
      ),
      change: arm === PLAIN ? "" : told(change, 1, 100),
      verdict: arm === PLAIN ? "" : verdict(change),
      order: mean(own.map((row) => row.loss)),
    };
  });
}

const HEAD =
  "| technique | error, % | loss | ECE | change of error, points | by chance? | seeds |\n| --- | --- | --- | --- | --- | --- | --- |";
const line = ({ arm, error, loss, ece, change, verdict: by, seeds }) =>
  `| ${arm.replace("@regimen/technique-", "")} | ${error} | ${loss} | ${ece} | ${change} | ${by} | ${seeds} |`;

export const tableOf = (rows) =>
  [
    HEAD,
    ...lines(rows)
      .sort((a, b) => a.order - b.order)
      .map(line),
  ].join("\n");

const sizeOf = ({ images, epochs, test, model }, rows) =>
  `CIFAR-10, the first ${images.toLocaleString("en")} training images (a tenth of them held out for validation), ${model}, ${epochs} epochs, tested on ${test.toLocaleString("en")} other images; ${[...new Set(rows.map(({ backend }) => backend))].join(", ")}; mean ± standard deviation over seeds, each technique alone at its defaults. "Within noise": the 95 % t-interval of the paired differences holds 0.`;

/** How to read lines that surprise. */
const READ =
  "A line that is the plain training to the digit changes nothing by itself: this network's batch normalisation has the default's momentum already, and a weak tail leaves out what is not there. Early stopping ends while the rate is still high; accumulation takes fewer, larger steps; what shares the images among several trainings (ensembling, distillation) leaves each of them fewer.";

/** docs/ablations.md, and the section "Measured" of each technique's README. */
export async function writeTables(root, rows, size) {
  const page = join(root, "docs/ablations.md");
  const about = sizeOf(size, rows);
  const failed = rows.filter((row) => row.failed).map(({ arm, seed, failed: why }) => `- ${arm}, seed ${seed}: ${why}`);
  await write(
    page,
    `# What each technique alone is worth\n\n\`node benchmarks/ablations.mjs --data FOLDER --images ${size.images} --epochs ${size.epochs} --write\`: ${about}\n\n${tableOf(rows)}\n\nTechniques are made to be combined: what helps little alone may help beside others, and strong regularization pays only in longer\ntrainings. ${READ}\n${failed.length ? `\nFailed:\n\n${failed.join("\n")}\n` : ""}`,
  );
  const all = lines(rows);
  const plain = all.find(({ arm }) => arm === PLAIN);
  for (const folder of readdirSync(join(root, "packages/techniques"))) {
    const name = `@regimen/technique-${folder}`;
    const own = all.filter(({ arm }) => arm === name || arm.startsWith(`${name}/`));
    if (!own.length || !plain) continue;
    const file = join(root, "packages/techniques", folder, "README.md");
    const text = readFileSync(file, "utf8");
    const at = text.indexOf("## Measured");
    if (at < 0) continue;
    // Written anew from here to the next heading, so that what people wrote below stays.
    const next = text.indexOf("\n## ", at + 1);
    const table = [HEAD, ...[plain, ...own].map(line)].join("\n");
    await write(
      file,
      `${text.slice(0, at)}## Measured\n\n${about} By \`benchmarks/ablations.mjs\`.\n\n${table}\n${next < 0 ? "" : text.slice(next)}`,
    );
  }
}

async function write(file, text) {
  const options = await prettier.resolveConfig(file);
  writeFileSync(file, await prettier.format(text, { ...options, filepath: file }));
}
