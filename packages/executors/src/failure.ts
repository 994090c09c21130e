import {
  ERROR_CODES,
  RegimenError,
  threeWords,
  zeroCost,
  type Done,
  type ErrorCode,
  type Work,
} from "@regimen/contracts";

/** An error as JSON: what crosses from one process to another. */
export type Failure = { readonly name: string; readonly code: string | null; readonly message: string };

export function failureOf(error: unknown): Failure {
  const {
    name = "Error",
    code,
    message = String(error),
  } = (error ?? {}) as { name?: string; code?: unknown; message?: string };
  return { name, code: typeof code === "string" ? code : null, message };
}

export function errorOf({ name, code, message }: Failure): Error {
  if ((ERROR_CODES as readonly (string | null)[]).includes(code))
    return new RegimenError(code as ErrorCode, message.replace(`${code}: `, ""));
  return Object.assign(new Error(message), { name });
}

/** A request that nobody brought to an end: it has failed, and the search goes on. */
export function lostOf({ request }: Work, why: string): Done {
  const { id } = request;
  const failed = { id, status: "failed", cost: zeroCost, why: `REG_WORKER_LOST: ${why}` } as const;
  if (request.kind === "measure") return { answer: failed, trial: null };
  const { policy, until, horizon = until, from = null, seed } = request;
  const trial = { ...failed, name: threeWords(`${seed}/${id}`), policy, until, horizon, from, score: null };
  return { answer: failed, trial: { ...trial, losses: [], points: [] } };
}
