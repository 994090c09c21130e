import type { Params } from "./json.ts";
import type { Space } from "./technique.ts";
import { RegimenError } from "./errors.ts";
import { completeParams } from "./space.ts";

/** An optimizer or a schedule, and the parameters that are not its defaults. */
export type Named = { readonly use: string; readonly with: Params };

/**
 * What a policy or configuration says of an optimizer or schedule: `"sgd:momentum=0.95,nesterov=false"` is
 * `{ use: "sgd", with: { momentum: 0.95, nesterov: false } }`. Numbers and true or false are read as such, the rest as text.
 * Errors: REG_PARAM, where a parameter has no value.
 */
export function parseNamed(text: string): Named {
  const colon = text.indexOf(":");
  if (colon < 0) return { use: text, with: {} };
  const given = text.slice(colon + 1).split(",");
  const params = given.map((one) => {
    const [, key, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(one) ?? [];
    if (key === undefined || value === undefined)
      throw new RegimenError(
        "REG_PARAM",
        `"${text}" has the part "${one}"; expected key=value with commas between, as in "sgd:momentum=0.95,nesterov=false"`,
      );
    return [key, valueOf(value)] as const;
  });
  return { use: text.slice(0, colon).trim(), with: Object.fromEntries(params) };
}

/** Checks and completes what was parsed; where text is wanted, what looks like a number is text. Errors: REG_PARAM_UNKNOWN, REG_PARAM. */
export function namedParams(of: { readonly name: string; readonly space: Space }, params: Params): Params {
  const read = Object.entries(params).map(
    ([key, value]) => [key, of.space[key]?.kind === "text" ? String(value) : value] as const,
  );
  return completeParams(of, Object.fromEntries(read));
}

function valueOf(text: string): number | string | boolean {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
