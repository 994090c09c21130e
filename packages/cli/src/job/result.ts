import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  imagesSeen,
  type Evaluation,
  type FitResult,
  type Policy,
  type Report,
  type Score,
  type SearchResult,
  type TrainResult,
} from "@regimen/core";
import { headline, proof, renderReport, verdictWords } from "@regimen/report";
import { classTable } from "../display/classes.ts";
import type { Console } from "../display/console.ts";
import { WIDTH, clock, count, percent, row, typed, wrap } from "../display/style.ts";
import type { Io } from "../io.ts";
import { shownPath } from "./folder.ts";
import type { Finished } from "./run.ts";

/** The result, for a program and for a person; frees the model, which by then lies in the run's folder. */
export async function tellFinished(done: Finished, console: Console, io: Io): Promise<void> {
  if (done.job === "train") await tellTrained(done.result, console, io);
  else if (done.job === "search") tellPolicy(done.result, console, io);
  else tellFit(done.result, console, io);
  if (done.job !== "search") done.result.model.dispose();
}

async function tellTrained({ report, folder, policy }: TrainResult, console: Console, io: Io): Promise<void> {
  const page = folder === null ? null : join(folder, "report.html");
  if (page !== null) writeFileSync(page, renderReport(report));
  console.json(report);
  const { ink } = console;
  const { sign, words } = verdictWords(report);
  const colour = report.error.verdict === "better" ? "green" : report.error.verdict === "worse" ? "red" : "yellow";
  console.say("");
  for (const line of wrap(`  ${headline(report)}`, WIDTH, 2)) console.say(ink("bold", line));
  console.say(`  ${ink(colour, `${sign} ${words}`)}`);
  console.say(
    wrap(`  ${proof(report)}`, WIDTH, 2)
      .map((line) => ink("dim", line))
      .join("\n"),
  );
  console.say("");
  const table = classTable(report, ink);
  for (const line of table) console.say(line);
  if (table.length > 0) console.say("");
  const rows: [string, string][] = [
    ["policy", policyWords(policy)],
    ["took", tookWords(report)],
  ];
  if (page !== null) rows.push(["report", shownPath(page, io.cwd)]);
  if (folder !== null) {
    const run = typed(shownPath(folder, io.cwd));
    if (report.error.verdict === "worse")
      rows.push(["baseline", `${shownPath(join(folder, "baseline"), io.cwd)}, the better model`]);
    rows.push(["next", `regimen predict --model ${run} IMAGE …`], ["", `regimen export ${run} --to web`]);
  }
  for (const [label, value] of rows) console.say(row(ink, label, value));
}

function tellPolicy({ policy, cost, trials, folder }: SearchResult, console: Console, io: Io): void {
  console.json({ ...policy, cost: { ...cost, imagesSeen: imagesSeen(cost) } });
  const { ink } = console;
  console.say("");
  console.say(row(ink, "policy", policyWords(policy)));
  console.say(
    row(ink, "searched", `${trials.length} trials, ${count(imagesSeen(cost))} images seen, ${clock(cost.seconds)}`),
  );
  if (folder === null) return;
  const shown = shownPath(folder, io.cwd);
  console.say(row(ink, "written", join(shown, "policy.json")));
  console.say(row(ink, "next", `regimen fit DATA --policy ${typed(shown)}`));
}

function tellFit(result: FitResult, console: Console, io: Io): void {
  const {
    policy,
    seed,
    backend,
    captured,
    parameters,
    imagesSeen: seen,
    seconds,
    imagesPerSecond,
    validation,
    test,
    folder,
  } = result;
  console.json({
    run: folder,
    policy,
    seed,
    backend,
    captured,
    parameters,
    imagesSeen: seen,
    seconds,
    imagesPerSecond,
    validation: validation && { error: validation.error, loss: validation.loss },
    test: test === null ? null : { error: test.error, loss: test.loss, ece: test.ece },
  });
  const { ink } = console;
  console.say("");
  if (test !== null) console.say(row(ink, "test", scoreWords(test, test.images)));
  if (validation) console.say(row(ink, "validation", scoreWords(validation)));
  console.say(row(ink, "policy", policyWords(policy)));
  console.say(
    row(
      ink,
      "took",
      `${clock(seconds)} · ${count(imagesPerSecond)} images/s on ${backend}${captured ? ", steps captured" : ""}`,
    ),
  );
  if (folder !== null) console.say(row(ink, "model", join(shownPath(folder, io.cwd), "model")));
}

const scoreWords = ({ error, loss, ece }: Score, images?: number): string =>
  [
    `error ${percent(error)}`,
    `loss ${loss.toFixed(4)}`,
    ...(ece === null ? [] : [`calibration error ${percent(ece)}`]),
    ...(images === undefined ? [] : [`${count(images)}\u00a0images`]),
  ].join(" · ");

/** "mixup, cutmix" or "plain training: nothing beat it". */
function policyWords({ name, steps }: Policy): string {
  const used = steps
    .filter((step) => step.refused === undefined)
    .map(({ use }) => use.replace(/^@regimen\/technique-/, ""));
  return `${name} · ${used.length > 0 ? used.join(", ") : "no technique"}`;
}

function tookWords({ cost, search }: Report): string {
  const over = search.cost.totalOverBaseline;
  const times = over === null ? "" : ` · search and final training cost ${over.toFixed(1)} plain runs`;
  return `${clock(cost.seconds)}${times}`;
}

/** For `evaluate`. */
export const evaluationWords = (evaluation: Evaluation): string => scoreWords(evaluation, evaluation.images);
