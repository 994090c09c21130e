import type { Executor } from "@regimen/contracts";

/** Does requests in this process, one after the other. */
export function oneByOne(work: Executor["submit"]): Executor {
  let last: Promise<unknown> = Promise.resolve();
  const submit: Executor["submit"] = (asked, signal) => {
    const done = last.then(() => work(asked, signal));
    last = done.catch(() => undefined);
    return done;
  };
  return { name: "in process", capacity: 1, submit };
}
