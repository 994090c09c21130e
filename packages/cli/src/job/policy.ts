import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { RegimenError, parsePolicy, type Policy } from "@regimen/contracts";
import { assetOf } from "../assets.ts";
import { isFolder } from "../config/place.ts";
import { readJson } from "./folder.ts";

const PRESETS = assetOf("presets");
/** Policies that runs on common data found, by name. */
const presets = (): readonly string[] =>
  readdirSync(PRESETS)
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort();

/** Where a policy is: a file or folder beside `base`, else the preset of that name. */
export function policyPath(named: string, base: string): string {
  const path = resolve(base, named);
  return !existsSync(path) && presets().includes(named) ? join(PRESETS, `${named}.json`) : path;
}

/** A policy.json, a folder that holds one, or a preset's name; `said` by which option. Errors: REG_POLICY_INVALID, REG_POLICY_FORMAT. */
export function readPolicy(named: string, base: string, said: string): Policy {
  const path = policyPath(named, base);
  const file = isFolder(path) ? join(path, "policy.json") : path;
  const missing = (): never => {
    const none = said === "--policy" ? ", or none" : "";
    throw new RegimenError(
      "REG_POLICY_INVALID",
      `${said} got "${named}", where there is no policy; expected a policy.json, a run's folder, or one of ${presets().join(", ")}${none}`,
    );
  };
  return parsePolicy(readJson(file, missing, "REG_POLICY_INVALID"));
}
