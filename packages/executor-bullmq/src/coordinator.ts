import { RegimenError, type Done, type Executor, type Work } from "@regimen/contracts";
import { Pace, errorOf, lostOf, type PaceOptions } from "@regimen/executors";
import { Queue, QueueEvents } from "bullmq";
import { connectionOf, probe } from "./connection.ts";
import { announce, jobIdOf, withdraw, type Job, type Result } from "./meeting.ts";

export type BullmqOptions = {
  /** `redis://:PASSWORD@HOST:PORT`, `rediss://…` for TLS. */ readonly url: string;
  /** Requests outstanding at once: as many as there will be workers. 4 unless told. */ readonly workers?: number;
  /** What a person should know: an open server, a lost request. */ tell?(what: string): void;
  readonly pace?: PaceOptions;
  /** Milliseconds between two looks at what is outstanding, beside the events; 5,000 unless told. */ readonly look?: number;
};
export type Bullmq = Executor & { close(): Promise<void> };

type Entry = {
  readonly work: Work;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
  /** Workers that gave it back unfinished. */ lost: number;
};
const MOST = 5;
/** Milliseconds without any worker after which a person is told, and told again. */
const ALONE = 60_000;

/**
 * Requests through BullMQ on Redis or Valkey, to workers started with `regimen worker`; data and checkpoints go through the
 * run's folder, which all of them see. A request whose worker falls silent goes to another; one that the server has forgotten
 * is handed out again; an answer counts once, whoever gives it.
 *
 * Errors: REG_EXECUTOR for a run without a folder, and where the server cannot be used.
 */
export function bullmq(options: BullmqOptions): Bullmq {
  const { url, workers = 4, tell = () => undefined, look = 5000 } = options;
  const connection = connectionOf(url);
  const pace = new Pace(options.pace);
  const outstanding = new Map<string, Entry>();
  let open: { readonly queue: Queue<Job, Result>; readonly events: QueueEvents; readonly folder: string } | undefined;
  let timer: NodeJS.Timeout | undefined;
  /** Whether the queue holds requests of an earlier sitting, which may have been done meanwhile. */
  let earlier = false;

  const add = async (id: string, { work }: Entry): Promise<void> => {
    const job: Job = { work, seconds: pace.limit(work) };
    await open!.queue.add(work.request.kind, job, { jobId: id, removeOnComplete: false, removeOnFail: false });
  };
  /** What has become of it: the server is asked, for events may be missed and the server may have lost its memory. */
  async function check(id: string): Promise<void> {
    const entry = outstanding.get(id);
    if (!entry || !open) return;
    const job = await open.queue.getJob(id);
    if (!outstanding.has(id)) return;
    if (!job) return add(id, entry);
    if (job.finishedOn === undefined) return;
    const result = job.returnvalue as Result | null;
    if (result && "done" in result) settle(id, () => entry.resolve((pace.learn(result.done), result.done)));
    else if (result) settle(id, () => entry.reject(errorOf(result.failure)));
    else if (++entry.lost >= MOST || /stalled/.test(job.failedReason)) {
      const { id: name } = entry.work.request;
      tell(`"${name}" was given up: ${job.failedReason}`);
      settle(id, () => entry.resolve(lostOf(entry.work, `${job.failedReason}`)));
    }
    await job.remove().catch(() => undefined);
    if (outstanding.has(id)) await add(id, entry);
  }
  function settle(id: string, end: () => void): void {
    outstanding.delete(id);
    end();
  }
  /** One look at a time. A server that is away is asked again later. */
  const looking = new Set<string>();
  function checked(id: string): void {
    if (looking.has(id)) return;
    looking.add(id);
    void check(id)
      .catch(() => undefined)
      .finally(() => looking.delete(id));
  }

  return {
    name: "BullMQ",
    capacity: workers,
    async begin({ identity, folder }) {
      if (folder === undefined)
        throw new RegimenError("REG_EXECUTOR", "workers share a run's folder, and this run has none; give it one: out");
      for (const door of await probe(url)) tell(door);
      const { queue: name } = announce(folder, identity);
      const queue = new Queue<Job, Result>(name, { connection });
      const events = new QueueEvents(name, { connection });
      open = { queue, events, folder };
      queue.on("error", () => undefined); // it is tried again
      events.on("error", () => undefined);
      events.on("completed", ({ jobId }) => checked(jobId));
      events.on("failed", ({ jobId }) => checked(jobId));
      await events.waitUntilReady();
      earlier = (await queue.getJobCountByTypes("completed", "failed", "active", "waiting")) > 0;
      let idle = 0;
      const alone = async (): Promise<void> => {
        idle = outstanding.size && (await queue.getWorkersCount()) === 0 ? idle + look : 0;
        if (idle && idle % ALONE < look)
          tell(
            `no worker has come for ${Math.round(idle / 1000)} s; start some: regimen worker --redis URL --runs DIR, or see why they refuse`,
          );
      };
      timer = setInterval(() => {
        for (const id of outstanding.keys()) checked(id);
        void alone().catch(() => undefined);
      }, look);
    },
    submit: (work, signal) =>
      new Promise<Done>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        const id = jobIdOf(work);
        const unlisten = (): void => signal.removeEventListener("abort", leave);
        const entry: Entry = {
          work,
          lost: 0,
          resolve: (done) => (unlisten(), resolve(done)),
          reject: (error) => (unlisten(), reject(error)),
        };
        // Its worker, if it has one, brings it to an end or saves it: a run that goes on finds it.
        const leave = (): void => settle(id, () => entry.reject(signal.reason as Error));
        signal.addEventListener("abort", leave, { once: true });
        outstanding.set(id, entry);
        add(id, entry).then(
          () => earlier && checked(id),
          () => undefined,
        );
      }),
    async close() {
      clearInterval(timer);
      if (!open) return;
      const { queue, events, folder } = open;
      withdraw(folder);
      open = undefined;
      const unfinished = await Promise.race([queue.getJobCountByTypes("active", "completed"), late()]).catch(() => 1);
      if (unfinished === 0) await queue.obliterate({ force: true }).catch(() => undefined);
      else if (unfinished !== undefined) await queue.drain().catch(() => undefined);
      await Promise.race([Promise.all([queue.close(), events.close()]), late()]);
    },
  };
}

/** A server that is away keeps nobody from ending. */
const late = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 3000, undefined).unref());
