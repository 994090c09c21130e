import type { RegimenEvent, Running } from "./plugin.ts";

/** Starts a job at once; its events are kept until somebody listens, and its result until somebody awaits it. */
export function start<T>(job: (emit: (event: RegimenEvent) => void) => Promise<T>): Running<T> {
  const waiting: RegimenEvent[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const result = job((event) => {
    waiting.push(event);
    // Nobody may ever listen: progress is superseded, the rest is small.
    if (event.kind === "progress" && waiting.length > 10_000) waiting.splice(0, 5_000);
    wake();
  }).finally(() => {
    ended = true;
    wake();
  });
  result.catch(() => undefined); // reported to whoever awaits or iterates
  return {
    then: (fulfilled, rejected) => result.then(fulfilled, rejected),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (waiting.length) yield waiting.shift()!;
        if (ended) {
          await result;
          return;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Milliseconds that work may hold the event loop. */
const HOLD = 50;
let breathed = 0;
/**
 * Lets signals, timers and listeners have their turn now and then. On a backend that computes in this thread every await
 * of a training resolves at once, and without this an interrupt would wait until the end.
 */
export async function breathe(): Promise<void> {
  if (performance.now() - breathed < HOLD) return;
  await new Promise((resolve) => setImmediate(resolve));
  breathed = performance.now();
}
