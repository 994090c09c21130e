import { RegimenError, completeParams, type Json, type NumberAxis, type Params } from "@regimen/core";

/** Checks a metalearner's options as hyperparameters are checked; unset ones stay unset. Errors: REG_PARAM*, which name key, value and range. */
export function checkOptions<O extends { readonly [option: string]: number | undefined }>(
  name: string,
  axes: { readonly [K in keyof O]-?: NumberAxis },
  options: { readonly [option: string]: Json | undefined },
): O {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  const wrong = set.find(([, value]) => value === null || typeof value === "object");
  if (wrong)
    throw new RegimenError("REG_PARAM", `${name}: ${wrong[0]} is ${JSON.stringify(wrong[1])}; expected a number`);
  completeParams({ name, space: axes }, Object.fromEntries(set) as Params);
  return Object.fromEntries(set) as O;
}
