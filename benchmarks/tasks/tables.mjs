// Tables of benchmarks/tasks.mjs.
import { writeFileSync } from "node:fs";
import prettier from "prettier";
import { markdown } from "../sides/arms.mjs";
import { mean, told, verdict } from "../sides/statistics.mjs";

const PLAIN = "plain, one run";
const OURS = "Regimen";

export function tableOf(rows) {
  const done = rows.filter((row) => row.error !== undefined);
  const of = (arm) => done.filter((row) => row.arm === arm);
  const plain = of(PLAIN);
  const lines = [...new Set(done.map(({ arm }) => arm))].map((arm) => {
    const own = of(arm);
    const pairs = own.flatMap((row) => plain.filter(({ seed }) => seed === row.seed).map((base) => [row, base]));
    const less = pairs.length
      ? 1 - mean(pairs.map(([row]) => row.error)) / mean(pairs.map(([, base]) => base.error))
      : 0;
    const used = [...new Set(own.flatMap(({ steps = [] }) => steps))].map((use) =>
      use.replace("@regimen/technique-", ""),
    );
    return [
      arm === OURS ? `**${arm}**` : arm,
      told(
        own.map(({ error }) => error),
        1,
        100,
      ),
      arm === PLAIN ? "" : `${(100 * less).toFixed(0)} %`,
      arm === PLAIN ? "" : verdict(pairs.map(([row, base]) => row.error - base.error)),
      told(
        own.map(({ loss }) => loss),
        3,
      ),
      own[0].cost.toFixed(0),
      told(
        own.map(({ seconds }) => seconds),
        0,
      ),
      arm === OURS ? used.join(", ") || "none" : "",
      `${own.length}`,
    ];
  });
  const head = [
    "arm",
    "error, %",
    "less error",
    "than plain",
    "loss",
    "plain runs",
    "seconds",
    "in its policies",
    "seeds",
  ];
  return markdown(head, lines);
}

const INTRO = `# Every task, on real images

\`node benchmarks/tasks.mjs --data FOLDER --write\`. "Plain, one run": no technique, the usual settings. "Regimen": search and final training
together cost two plain runs, in images seen. "Keras": our plain model, layer by layer with the same first weights, trained there on the
same images with the same optimizer, rates and number of steps; its losses are written from the papers, and its weights are judged by the same
code as ours. Mean ± standard deviation over seeds; "than plain": by a paired t-interval at 95 %. Seconds tell something only where nothing
else ran on the machine.`;

export async function writePage(file, rows, sets) {
  const parts = Object.entries(sets).flatMap(([name, set]) => {
    const own = rows.filter((row) => row.name === name);
    if (!own.length) return [];
    const [{ images, held, test, epochs, backend }] = own;
    const size = `${set.model}; ${images} training images, ${held} for validation, ${test} for the test; a plain run is ${epochs} epochs; backend ${backend}.`;
    const failed = own
      .filter((row) => row.failed)
      .map(({ arm, seed, failed: why }) => `- failed: ${arm}, seed ${seed}: ${why}`);
    return [[`## ${set.title}`, `${set.about}. ${size}`, tableOf(own), ...failed].join("\n\n")];
  });
  const text = [INTRO, ...parts].join("\n\n");
  writeFileSync(file, await prettier.format(text, { ...(await prettier.resolveConfig(file)), filepath: file }));
}
