import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import {
  RegimenError,
  nearest,
  sequence,
  type MetaLearner,
  type MetaLearnerFactory,
  type Regimen,
} from "@regimen/contracts";
import type { Config } from "../config/types.ts";
import { shownPath } from "./folder.ts";

type Asked = NonNullable<Config["search"]>["metalearner"];

/** `name` is what the plan calls it; without a `learner` the core's own choice stands. */
export type ChosenLearner = { readonly name: string; readonly learner?: MetaLearner | string };

/** Errors: REG_METALEARNER_UNKNOWN, REG_METALEARNER. */
export async function chooseLearner(asked: Asked, regimen: Regimen, cwd: string): Promise<ChosenLearner> {
  if (asked === undefined || asked === "default") return { name: "default" };
  if (typeof asked === "string" && !isAbsolute(asked)) return { name: asked, learner: known(asked, regimen).name };
  const names = typeof asked === "string" ? [asked] : asked.sequence;
  const learners = await Promise.all(
    names.map((name) => (isAbsolute(name) ? fromFile(name, shownPath(name, cwd)) : known(name, regimen).create())),
  );
  const name = names.map((one) => (isAbsolute(one) ? shownPath(one, cwd) : one)).join(", then ");
  return { name, learner: learners.length === 1 ? learners[0]! : sequence(...learners) };
}

function known(name: string, { registered }: Regimen): MetaLearnerFactory {
  const found = registered.metalearners.find((one) => one.name === name);
  if (found) return found;
  const names = registered.metalearners.map((one) => one.name);
  const near = nearest(name, names);
  throw new RegimenError(
    "REG_METALEARNER_UNKNOWN",
    `no installed package offers the metalearner "${name}"; ${near ? `the nearest is "${near}"` : `there are ${names.join(", ")}`}`,
  );
}

/** The default export is a metalearner, or a factory `{ name, version, create }` of one. */
async function fromFile(file: string, shown: string): Promise<MetaLearner> {
  let module: { default?: Partial<MetaLearner & MetaLearnerFactory> };
  try {
    module = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as typeof module;
  } catch (cause) {
    throw new RegimenError(
      "REG_METALEARNER_UNKNOWN",
      `the metalearner ${shown} could not be imported: ${(cause as Error).message}`,
      { cause },
    );
  }
  const made = typeof module.default?.create === "function" ? module.default.create() : module.default;
  if (typeof made?.ask !== "function" || typeof made.tell !== "function") {
    throw new RegimenError(
      "REG_METALEARNER_UNKNOWN",
      `${shown} is no metalearner; its default export must be { name, claims, init, ask, tell, best }, or a factory with create()`,
    );
  }
  return made as MetaLearner;
}
