import type { Done, Identity, Work } from "@regimen/contracts";
import type { Failure } from "./failure.ts";

/** To a worker process: first what it must have, then one request after the other. `stop`: save what was done, and give up. */
export type ToWorker =
  | { readonly kind: "begin"; readonly identity: Identity }
  | { readonly kind: "work"; readonly work: Work }
  | { readonly kind: "stop" };

/** From it. `refused`: it will not take work. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "refused"; readonly failure: Failure }
  | { readonly kind: "done"; readonly id: string; readonly done: Done }
  | { readonly kind: "failed"; readonly id: string; readonly failure: Failure };
