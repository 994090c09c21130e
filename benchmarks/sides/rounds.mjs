// A side's half of the talk with side-by-side.mjs: one JSON line when it is ready, then one for each round it is asked for.
import { createInterface } from "node:readline";

const tell = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

/** Says why this side cannot run here, and ends the process. */
export function skip(why) {
  process.stdout.write(`${JSON.stringify({ skipped: why })}\n`, () => process.exit(0));
  return new Promise(() => undefined);
}

/** Counts steps, and holds whoever does them between rounds. The process ends when no more rounds are wanted. */
export class Rounds {
  #batch;
  #ahead;
  #about;
  #steps = 0;
  #until;
  #start;
  #used;
  #finished;
  #waiting;
  #open;

  /** `ahead`: how many more steps follow the one that is told of last, when its promise is waited for. */
  constructor({ batch, warmUp, ahead = 0, about }) {
    [this.#batch, this.#ahead, this.#about] = [batch, ahead, about];
    this.#until = { seconds: 0, steps: warmUp };
    this.#start = performance.now();
    createInterface({ input: process.stdin })
      .on("line", (line) => {
        this.#until = JSON.parse(line);
        [this.#steps, this.#waiting, this.#finished] = [0, undefined, undefined];
        [this.#start, this.#used] = [performance.now(), process.cpuUsage()];
        this.#open();
      })
      .on("close", () => process.exit(0));
  }

  /** A promise where the round is over: of the next one. */
  stepDone() {
    if (!this.#finished) {
      const seconds = (performance.now() - this.#start) / 1000;
      if (++this.#steps < this.#until.steps || seconds < this.#until.seconds) return undefined;
      this.#finished = { steps: this.#steps, images: this.#steps * this.#batch, seconds, cpu: this.#cpu(), late: 0 };
      this.#waiting = new Promise((resolve) => (this.#open = resolve));
    }
    const { late, ...found } = this.#finished;
    this.#finished.late++;
    // Only now is nothing of this side under way any more.
    if (late === this.#ahead) tell(this.#used ? { ...found, used: this.#cpu() } : { ready: true, ...this.#about() });
    return this.#waiting;
  }

  #cpu() {
    if (!this.#used) return 0;
    const { user, system } = process.cpuUsage(this.#used);
    return (user + system) / 1e6;
  }
}
