import { comparable, shortName, type RegimenEvent, type Running } from "@regimen/core";
import type { Console } from "./console.ts";
import { bar, clock, count, middle, percent, row } from "./style.ts";

type Of<K extends RegimenEvent["kind"]> = Extract<RegimenEvent, { kind: K }>;

/** Shows what a job tells while it runs; answers what it answers. `as`: what all of it is called, where it is one of many. */
export async function follow<T>(running: Running<T>, console: Console, as?: string): Promise<T> {
  const teller = new Teller(console, as);
  try {
    for await (const event of running) teller.tell(event);
    return await running;
  } finally {
    console.still();
  }
}

/** Columns for what a trial tried. */
const TRIED = 32;

/** The names; where there is no room for all, what is other than in the best so far; where that is no shorter, the first and a number. */
function listed(names: readonly string[], best: readonly string[] | undefined): string {
  if (!names.length) return "no techniques";
  const whole = names.join(", ");
  const than = best && changed(names, best);
  if (whole.length > TRIED && than !== undefined && than.length <= TRIED) return than;
  const some = (length: number): string =>
    length < names.length ? `${names.slice(0, length).join(", ")} +${names.length - length}` : whole;
  const fitting = [...names.keys()].map((at) => some(names.length - at)).find((text) => text.length <= TRIED);
  return fitting ?? some(1);
}

function changed(names: readonly string[], best: readonly string[]): string {
  const added = names.filter((name) => !best.includes(name)).map((name) => `+ ${name}`);
  const left = best.filter((name) => !names.includes(name)).map((name) => `− ${name}`);
  return added.length + left.length === 0 ? "best, set otherwise" : ["best", ...added, ...left].join(" ");
}

class Teller {
  readonly #console: Console;
  readonly #as: string | undefined;
  #stage = "";
  #trials = 0;
  #best = Infinity;
  #bestNames: readonly string[] | undefined;
  #share = 0;
  #logs = "";

  constructor(console: Console, as: string | undefined) {
    this.#console = console;
    this.#as = as;
  }

  tell(event: RegimenEvent): void {
    if (event.kind === "stage") this.#enter(event);
    else if (event.kind === "trial") this.#console.note(this.#trial(event));
    else if (event.kind === "epoch") this.#epoch(event);
    else if (event.kind === "progress") this.#console.live(this.#progress(event));
    else this.#console.warn(event.code, event.message);
  }

  #enter({ stage, message }: Of<"stage">): void {
    this.#stage = this.#as ?? stage;
    this.#share = 0;
    this.#logs = "";
    this.#console.still();
    if (this.#as === undefined) this.#console.note(row(this.#console.paint, this.#stage, message));
  }

  /** What was tried, loss, verdict. */
  #trial({ policy, score, status }: Of<"trial">): string {
    this.#logs = "";
    const { paint } = this.#console;
    const loss = score === null ? Number.POSITIVE_INFINITY : comparable(score);
    const better = loss < this.#best;
    const names = policy.steps.map(({ use }) => shortName(use));
    const tried = listed(names, this.#bestNames);
    if (better) [this.#best, this.#bestNames] = [loss, names];
    this.#trials++;
    const mark = score === null ? paint("red", "✕") : better ? paint("green", "●") : paint("dim", "○");
    const verdict = status === "ok" ? (better ? "best so far" : "") : status;
    const figures =
      score === null ? "no score" : `loss ${loss.toFixed(4).padStart(7)}  error ${percent(score.error).padStart(6)}`;
    const line = `    ${mark} ${middle(tried, TRIED).padEnd(TRIED)}  ${figures}`;
    return verdict === "" ? line : `${line}  ${paint(better ? "green" : "dim", verdict)}`;
  }

  #epoch({ epoch, epochs, logs, secondsLeft }: Of<"epoch">): void {
    const told = ([name, key]: readonly [string, string]) =>
      logs[key] === undefined ? [] : [`${name} ${logs[key].toFixed(3)}`];
    const losses = (
      [
        ["loss", "loss"],
        ["val", "val_loss"],
      ] as const
    ).flatMap(told);
    this.#logs = [`${epoch}/${epochs}`, ...losses].join("  ");
    this.#console.live(this.#line(this.#logs, secondsLeft));
  }

  #progress({ images, of, imagesPerSecond, secondsLeft }: Of<"progress">): string {
    const speed = `${count(imagesPerSecond)} images/s`;
    this.#share = Math.min(1, images / of);
    return this.#line(this.#logs === "" ? speed : this.#logs, secondsLeft);
  }

  /** At most 79 characters: a terminal of 80 does not wrap it. */
  #line(figures: string, secondsLeft: number | null): string {
    const { paint } = this.#console;
    const share = this.#share;
    const label = (this.#stage === "search" ? `trial ${this.#trials + 1}` : this.#stage).padEnd(11);
    const left = secondsLeft === null ? "" : `${clock(secondsLeft)} left`;
    const parts = `${String(Math.floor(100 * share)).padStart(3)} %  ${middle(figures, 30).padEnd(30)}`;
    return `  ${paint("dim", label)} ${paint("green", bar(share, 12))} ${parts} ${left}`.trimEnd();
  }
}
