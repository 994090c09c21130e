// The parent's half of the talk with a side: a process of its own that does steps only while it is asked to.
import { spawn } from "node:child_process";
import { cpus } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** A round in which the rest of the machine took more than this share of one processor is done again. */
export const DISTURBED = 0.1;
const TRIES = 3;

export class Child {
  /** What it said when it was ready: parameters, version, mode. */ about;
  #process;
  #closed;
  #lines;
  #said = "";

  constructor([command, ...args], env) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    this.#closed = new Promise((resolve) => this.#process.once("close", resolve));
    this.#process.on("error", (error) => (this.#said += error.message));
    this.#process.stdin.on("error", () => undefined); // it has ended: the next answer says so
    this.#process.stderr.on("data", (data) => (this.#said = (this.#said + data).slice(-4000)));
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** `undefined` once it is ready, else why it cannot run. */
  async ready() {
    const answer = await this.#answer();
    if (answer.skipped) return answer.skipped;
    this.about = answer;
    return undefined;
  }

  /**
   * Images per second. Where something else is at work on the machine, waits and tries again as long as `patience.left`
   * (milliseconds, which it takes from) lasts, and gives the quietest try.
   */
  async round(seconds, steps, patience) {
    let best;
    for (let at = 0; at === 0 || (at < TRIES && best.others > DISTURBED && patience.left > 0); at++) {
      const began = performance.now();
      await quiet(patience.left);
      const before = busySeconds();
      if (at === 0) patience.left -= performance.now() - began;
      this.#process.stdin.write(`${JSON.stringify({ seconds, steps })}\n`);
      const answer = await this.#answer();
      if (answer.skipped) throw new Error(answer.skipped);
      // What it `used` may include a step that was under way when the time was up.
      const { images, seconds: took, cpu, used } = answer;
      const others = Math.max(0, busySeconds() - before - used) / took;
      if (!best || others < best.others) best = { rate: images / took, steps: answer.steps, others, cores: cpu / took };
      if (at > 0) patience.left -= performance.now() - began;
    }
    return best;
  }

  get pid() {
    return this.#process.pid;
  }

  async end() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.stdin.end();
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.#closed;
    clearTimeout(late);
  }

  async #answer() {
    const { value } = await this.#lines.next();
    if (value !== undefined) return JSON.parse(value);
    await this.#closed;
    const { signalCode } = this.#process;
    if (signalCode)
      return { skipped: `it was ended by ${signalCode}; is there memory enough for all sides at once (--sides)?` };
    const lines = this.#said.trim().split("\n");
    const error = lines.findLast((line) => /^\S*(Error|Exception)\b/.test(line)) ?? lines.at(-1);
    return { skipped: error || "it ended without a word" };
  }
}

async function quiet(patience) {
  for (const began = performance.now(); performance.now() - began < patience;) {
    const [before, at] = [busySeconds(), performance.now()];
    await sleep(300);
    if ((busySeconds() - before) / ((performance.now() - at) / 1000) <= DISTURBED) return;
  }
}

/** Seconds that the machine's processors have worked. */
function busySeconds() {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys, 0) / 1000;
}
