import leven from "leven";

/**
 * Every error that Regimen raises on purpose, by code. `docs/errors.md` explains each; a test holds the two together.
 * A plug-in of its own uses codes of its own.
 */
export const ERROR_CODES = [
  "REG_BACKEND_NONE",
  "REG_BACKEND_UNKNOWN",
  "REG_BACKEND_UNAVAILABLE",
  "REG_BUDGET",
  "REG_CAPTURE",
  "REG_CONFIG_INVALID",
  "REG_CONFIG_UNREADABLE",
  "REG_DATA_EMPTY",
  "REG_DATA_FORMAT",
  "REG_DATA_LABEL",
  "REG_DATA_MISMATCH",
  "REG_DATA_ONE_CLASS",
  "REG_DATA_PATH",
  "REG_DATA_TRUNCATED",
  "REG_DATA_UNREADABLE",
  "REG_DISK",
  "REG_EXECUTOR",
  "REG_HOOK",
  "REG_JOURNAL",
  "REG_LOSS_NAN",
  "REG_METALEARNER",
  "REG_METALEARNER_UNKNOWN",
  "REG_MODEL_ARCHITECTURE",
  "REG_MODEL_INPUT",
  "REG_MODEL_OUTPUT",
  "REG_MODEL_UNREADABLE",
  "REG_MODEL_UNSUPPORTED",
  "REG_OPTIMIZER_UNKNOWN",
  "REG_PARAM",
  "REG_PARAM_UNKNOWN",
  "REG_PLAN_EXCEEDED",
  "REG_PLUGIN_API",
  "REG_PLUGIN_DUPLICATE",
  "REG_PLUGIN_INVALID",
  "REG_PLUGIN_MISSING",
  "REG_POLICY_CONFLICT",
  "REG_POLICY_FORMAT",
  "REG_POLICY_INVALID",
  "REG_POLICY_NEEDS",
  "REG_RUN_EXISTS",
  "REG_RUN_FINISHED",
  "REG_RUN_MISSING",
  "REG_RUN_MISMATCH",
  "REG_SCAFFOLD_MISSING",
  "REG_SCHEDULE_UNKNOWN",
  "REG_TASK",
  "REG_USAGE",
  "REG_WORKER_LOST",
  "REG_WORKER_MISMATCH",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** One sentence each: what was got, what was expected, what to do. `input`: the user can mend it (exit code 2), else 1. */
export class RegimenError extends Error {
  override readonly name = "RegimenError";
  readonly code: ErrorCode;
  readonly input: boolean;
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; input?: boolean } = {}) {
    super(`${code}: ${message}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.input =
      options.input ??
      !(["REG_LOSS_NAN", "REG_DISK", "REG_HOOK", "REG_METALEARNER", "REG_WORKER_LOST"] as ErrorCode[]).includes(code);
  }
}

/** The entry of `known` nearest to `got` by edit distance, where near enough to be a slip. */
export function nearest(got: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: leven(got.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return ranked && ranked.distance <= Math.max(2, Math.floor(got.length / 3)) ? ranked.name : undefined;
}
