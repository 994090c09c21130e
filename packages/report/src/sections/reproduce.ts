import { finalCommand, plainCommand, plainEpochs, wholeCommand } from "../commands.ts";
import { html } from "../html.ts";
import { moment } from "../words.ts";
import { pairs, table, type MakeSection } from "./section.ts";

const FILES = [
  ["model/", "the trained model, for tf.loadLayersModel"],
  ["policy.json", "the policy below"],
  ["predictions.csv", "every judged image and its answer"],
  ["splits.csv", "which image was on which side"],
  ["report.json", "every figure on this page"],
  ["journal.jsonl", "each trial as it ended; a stopped run goes on from here"],
] as const;

export const reproduce: MakeSection = (report) => {
  const { run, policy, error } = report;
  const content = {
    format: 1,
    name: policy.name,
    engine: policy.engine,
    seed: run.seed,
    train: policy.train,
    steps: policy.steps,
  };
  const lines: readonly (readonly [string, string] | null)[] = [
    [`npm i -D regimen@${run.engine}`, ""],
    run.command === null ? null : [wholeCommand(report), "everything in this report"],
    [
      finalCommand(report),
      `the final training alone${policy.train["plainEpochs"] ? ", with its plain beginning" : ""}`,
    ],
    error.baseline === null ? null : [plainCommand(report, plainEpochs(report)), "the baseline alone"],
  ];
  const known = lines.flatMap((l) => (l ? [l] : []));
  // Line by line: a formatter may move what is written in a template.
  const commands = known.map(
    ([command, what], i) =>
      html`${i ? "\n" : ""}${what ? html`<span class="c"># ${what}</span>${"\n"}` : null}${command}${"\n"}`,
  );
  return {
    id: "reproduce",
    name: "How to reproduce",
    title: `The same seed and the same policy give this training again: seed ${run.seed}, ${policy.name}`,
    body: html`<p class="words">
        On the same backend and version; on another backend, rounding makes the weights differ a little, and so the last
        mistakes.
      </p>
      <pre tabindex="0"><code>${commands}</code></pre>
      ${pairs(
        [
          ["Run", html`${run.name}${run.folder === null ? null : html`<br /><code>${run.folder}</code>`}`],
          ["Started", moment(run.started)],
          ["Regimen, Node", `${run.engine}, ${run.node}`],
          ["Backend", `${run.backend}${run.captured ? ", captured step" : ", step by step"}`],
          ["Machine", run.machine],
          ["Seed", String(run.seed)],
        ],
        "three",
      )}
      <details>
        <summary>policy.json</summary>
        <pre tabindex="0"><code>${JSON.stringify(content, null, 2)}</code></pre>
      </details>
      <details>
        <summary>What lies in the run's folder</summary>
        ${table(
          "Files of a run",
          ["File", "Holds"],
          FILES.map(([file, words]) => [html`<code>${file}</code>`, words]),
          { words: [1], plain: true },
        )}
      </details>`,
  };
};
