import { spawn, type ChildProcess } from "node:child_process";
import { RegimenError, type Done, type Identity, type Work } from "@regimen/contracts";
import { errorOf, type Failure } from "./failure.ts";
import type { FromWorker, ToWorker } from "./wire.ts";

/** How a request ended at a worker. `lost`: the worker did, and why. */
export type Ended = { readonly done: Done } | { readonly failure: Failure } | { readonly lost: string };

/** Of what a worker writes to stderr, kept to say why it died. */
const TAIL = 2000;
/** Tries to start one that dies before it is ready. */
const TRIES = 3;

/** One worker: a child process that speaks over its IPC channel. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  #settle: ((ended: Ended) => void) | undefined;
  /** Of the request at work. */ #id: string | undefined;
  #why: string | undefined;
  #stderr = "";
  gone = false;

  /** Comes back when it has opened the run. Errors: what it refuses with; REG_WORKER_LOST. */
  static async start(
    command: readonly [string, ...string[]],
    env: Readonly<Record<string, string>>,
    identity: Identity,
  ): Promise<WorkerProcess> {
    for (let tries = 1; ; tries++) {
      const worker = new WorkerProcess(command, env);
      const first = await worker.#begin(identity);
      if (first === "ready") return worker;
      worker.kill();
      if (typeof first !== "string") throw errorOf(first);
      if (tries === TRIES)
        throw new RegimenError(
          "REG_WORKER_LOST",
          `workers die before they are ready: ${first}; start one by hand: ${command.join(" ")}`,
        );
    }
  }

  private constructor([command, ...args]: readonly [string, ...string[]], env: Readonly<Record<string, string>>) {
    this.#child = spawn(command, args, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, ...env },
    });
    this.#child.stderr?.on("data", (text: Buffer) => (this.#stderr = (this.#stderr + String(text)).slice(-TAIL)));
    this.ended = new Promise((resolve) => {
      const end = (why: string): void => {
        this.gone = true;
        this.#settle?.({ lost: this.#why ?? why });
        this.#settle = undefined;
        resolve();
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(`${signal ?? `exit code ${code}`}${this.#last()}`));
    });
    this.#child.on("message", (message) => this.#hear(message as FromWorker));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }
  get free(): boolean {
    return !this.gone && this.#settle === undefined;
  }

  work(work: Work): Promise<Ended> {
    return new Promise((settle) => {
      this.#settle = settle;
      this.#id = work.request.id;
      this.#say({ kind: "work", work });
    });
  }
  /** Has it save what it did; kills it when that takes longer than so many seconds. */
  stop(seconds: number): void {
    this.#say({ kind: "stop" });
    const late = setTimeout(() => this.kill("it did not stop"), 1000 * seconds);
    void this.ended.then(() => clearTimeout(late));
    const settle = this.#settle;
    this.#settle = (ended) => (clearTimeout(late), settle?.(ended));
  }
  kill(why?: string): void {
    this.#why ??= why;
    this.#child.kill("SIGKILL");
  }

  #begin(identity: Identity): Promise<"ready" | Failure | string> {
    return new Promise((resolve) => {
      this.#settle = (ended) => resolve("lost" in ended ? ended.lost : "failure" in ended ? ended.failure : "ready");
      this.#opened = () => resolve("ready");
      this.#say({ kind: "begin", identity });
    });
  }
  #opened: () => void = () => undefined;
  #hear(message: FromWorker): void {
    // A second answer to what has been answered is nobody's.
    if ("id" in message && message.id !== this.#id) return;
    const settle = this.#settle;
    [this.#settle, this.#id] = [undefined, undefined];
    if (message.kind === "ready") this.#opened();
    else settle?.(message.kind === "done" ? { done: message.done } : { failure: message.failure });
  }
  /** A worker that dies meanwhile tells so by ending. */
  #say(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
  #last(): string {
    const last = this.#stderr.trim().split("\n").at(-1);
    return last ? `, having said: ${last}` : "";
  }
}
