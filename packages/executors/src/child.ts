import type { Workbench } from "@regimen/contracts";
import { failureOf } from "./failure.ts";
import { refuse } from "./identity.ts";
import type { FromWorker, ToWorker } from "./wire.ts";

/**
 * A worker process's side: opens the run when its parent says what it must have, refuses or does one request after the other,
 * and comes back when the parent is gone.
 */
export function serveParent(open: () => Promise<Workbench>, parent: NodeJS.Process = process): Promise<void> {
  const say = (message: FromWorker): void => void parent.send?.(message);
  let bench: Workbench | undefined;
  let stop = new AbortController();

  async function hear(message: ToWorker): Promise<void> {
    if (message.kind === "stop") return stop.abort();
    if (message.kind === "begin") {
      try {
        const opened = await open();
        refuse(message.identity, opened.identity);
        bench = opened;
        say({ kind: "ready" });
      } catch (error) {
        say({ kind: "refused", failure: failureOf(error) });
      }
      return;
    }
    const { id } = message.work.request;
    stop = new AbortController();
    try {
      say({ kind: "done", id, done: await bench!.work(message.work, stop.signal) });
    } catch (error) {
      say({ kind: "failed", id, failure: failureOf(error) });
    }
  }
  return new Promise((gone) => {
    parent.on("message", (message) => void hear(message as ToWorker));
    parent.once("disconnect", () => (stop.abort(), gone()));
  });
}
