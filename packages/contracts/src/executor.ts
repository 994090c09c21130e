import type { Json } from "./json.ts";
import type { Answer, Request } from "./metalearner.ts";
import type { Trial } from "./record.ts";

/** A request as it is handed to whoever does it: plain JSON. */
export type Work = {
  readonly request: Extract<Request, { readonly kind: "trial" | "measure" }>;
  /** Images that the search still has for it: what is outstanding is taken off. */ readonly left: number;
  /** The search's. */ readonly seed: number;
};
/** What came of it; a measure is no trial. */
export type Done = { readonly answer: Answer; readonly trial: Trial | null };

/** What two processes must have alike to work on one run: engine, backend, plug-ins, data, settings. By name, plain JSON. */
export type Identity = { readonly [key: string]: Json };

/**
 * Who does a search's requests: this process unless told. Requests may end in any order; the search tells them in the order
 * asked. `submit` resolves once, however often the work was begun; it rejects with what would break every other request too,
 * and with an `AbortError` when the signal fires.
 */
export interface Executor {
  readonly name: string;
  /** Requests that it takes at once, 1 or more: read when a search begins, and kept with the run. */
  readonly capacity: number;
  /** Before the first request. `folder`: the run's, where checkpoints lie. */
  begin?(run: { readonly identity: Identity; readonly folder: string | undefined }): Promise<void>;
  submit(work: Work, signal: AbortSignal): Promise<Done>;
}

/** A run opened by somebody who does requests of its search: data and model are ready, checkpoints are in its folder. */
export interface Workbench {
  readonly identity: Identity;
  /** Rejects with what would break every other request too. */ work(work: Work, signal: AbortSignal): Promise<Done>;
}
