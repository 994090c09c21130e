import { join, resolve } from "node:path";
import { RegimenError, parsePolicy, type Policy } from "@regimen/contracts";
import { isFolder } from "../config/place.ts";
import { readJson } from "./folder.ts";

/** A policy.json, or a folder that holds one; `said` by which option. Errors: REG_POLICY_INVALID, REG_POLICY_FORMAT. */
export function readPolicy(named: string, base: string, said: string): Policy {
  const path = resolve(base, named);
  const file = isFolder(path) ? join(path, "policy.json") : path;
  const missing = (): never => {
    const none = said === "--policy" ? ", or none" : "";
    throw new RegimenError(
      "REG_POLICY_INVALID",
      `${said} got "${named}", where there is no policy; expected a policy.json, or a run's folder${none}`,
    );
  };
  return parsePolicy(readJson(file, missing, "REG_POLICY_INVALID"));
}
