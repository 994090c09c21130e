import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { RegimenError, fragmentOf, parsePolicy, type Policy, type PolicyByHand } from "@regimen/contracts";
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

/** What a policy is called where there is something to show. */
export const policyName = (policy: Policy | PolicyByHand): string => ("format" in policy ? policy.name : "by hand");

/**
 * A policy.json, one that somebody wrote (steps, and settings if any), a folder that holds one, or a preset's name; `said` by which
 * option. Errors: REG_POLICY_INVALID, REG_POLICY_FORMAT.
 */
export function readPolicy(named: string, base: string, said: string): Policy | PolicyByHand {
  const path = policyPath(named, base);
  const file = isFolder(path) ? join(path, "policy.json") : path;
  const missing = (): never => {
    const none = said === "--policy" ? ", or none" : "";
    throw new RegimenError(
      "REG_POLICY_INVALID",
      `${said} got "${named}", where there is no policy; expected a policy.json, a run's folder, or one of ${presets().join(", ")}${none}`,
    );
  };
  const json = readJson(file, missing, "REG_POLICY_INVALID");
  if (!isByHand(json)) return parsePolicy(json);
  fragmentOf(json); // checks it
  return json;
}

const isByHand = (json: unknown): json is PolicyByHand =>
  typeof json === "object" && json !== null && "steps" in json && !("format" in json);
