import type { RegimenEvent, Running } from "@regimen/core";
import type { Console } from "./console.ts";
import { bar, clock, count, middle, percent, row } from "./style.ts";

type Of<K extends RegimenEvent["kind"]> = Extract<RegimenEvent, { kind: K }>;

const STAGE_NAMES = { baseline: "baseline", search: "search", attribution: "attribution", final: "final", test: "test" } as const;

/** Shows what a job tells while it runs; answers what it answers. */
export async function follow<T>(running: Running<T>, console: Console): Promise<T> {
  const teller = new Teller(console);
  try {
    for await (const event of running) teller.tell(event);
    return await running;
  } finally {
    console.still();
  }
}

class Teller {
  readonly #console: Console;
  #stage = "";
  #best = Infinity;
  #logs = "";

  constructor(console: Console) {
    this.#console = console;
  }

  tell(event: RegimenEvent): void {
    if (event.kind === "stage") this.#enter(event);
    else if (event.kind === "trial") this.#console.note(this.#trial(event));
    else if (event.kind === "epoch") this.#epoch(event);
    else if (event.kind === "progress") this.#console.live(this.#progress(event));
    else this.#console.warn(event.code, event.message);
  }

  #enter({ stage, message }: Of<"stage">): void {
    this.#stage = STAGE_NAMES[stage];
    this.#logs = "";
    this.#console.still();
    this.#console.note(row(this.#console.paint, this.#stage, message));
  }

  /** Name, loss, verdict. */
  #trial({ name, score, status }: Of<"trial">): string {
    const { paint } = this.#console;
    const better = score !== null && score.loss < this.#best;
    if (better) this.#best = score.loss;
    const mark = score === null ? paint("red", "✕") : better ? paint("green", "●") : paint("dim", "○");
    const verdict = status === "ok" ? (better ? "best so far" : "") : status;
    const figures = score === null ? "no score" : `loss ${score.loss.toFixed(4)}  error ${percent(score.error).padStart(6)}`;
    const line = `    ${mark} ${middle(name, 32).padEnd(32)}  ${figures}`;
    return verdict === "" ? line : `${line}  ${paint(better ? "green" : "dim", verdict)}`;
  }

  #epoch({ training, epoch, epochs, logs, secondsLeft }: Of<"epoch">): void {
    this.#logs = ["loss", "val_loss"].flatMap((key) => (logs[key] === undefined ? [] : [`${key} ${logs[key].toFixed(3)}`])).join("  ");
    this.#console.live(this.#line(training, epoch / epochs, `epoch ${epoch}/${epochs}  ${this.#logs}`, secondsLeft));
  }

  #progress({ training, images, of, imagesPerSecond, secondsLeft }: Of<"progress">): string {
    const speed = `${count(imagesPerSecond)} images/s`;
    return this.#line(training, images / of, this.#logs === "" ? speed : this.#logs, secondsLeft);
  }

  /** At most 79 characters: a terminal of 80 does not wrap it. */
  #line(training: string, share: number, figures: string, secondsLeft: number | null): string {
    const { paint } = this.#console;
    const label = middle(training === "" ? this.#stage : training, 18).padEnd(18);
    const left = secondsLeft === null ? "" : `${clock(secondsLeft)} left`;
    const parts = `${String(Math.floor(100 * share)).padStart(3)} %  ${middle(figures, 27).padEnd(27)}`;
    return `  ${paint("dim", label)} ${paint("green", bar(share, 14))} ${parts} ${left}`.trimEnd();
  }
}
