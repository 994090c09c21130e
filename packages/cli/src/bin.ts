#!/usr/bin/env node
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import manifest from "../package.json" with { type: "json" };
import { main } from "./main.ts";

/**
 * The command of the package `regimen`, where that is installed beside this one: both offer the command `regimen`, npm keeps
 * either, and the other brings the plug-ins.
 */
function umbrella(): string | undefined {
  try {
    const path = createRequire(import.meta.url).resolve("regimen/package.json");
    const { bin, dependencies } = createRequire(import.meta.url)(path) as {
      bin?: { regimen?: string };
      dependencies?: object;
    };
    if (!bin?.regimen || !dependencies || !(manifest.name in dependencies)) return undefined;
    return new URL(bin.regimen, pathToFileURL(path)).href;
  } catch {
    return undefined;
  }
}

const other = umbrella();
if (other === undefined)
  await main({ url: import.meta.url, manifest, import: (name) => import(name) }, import.meta.url);
else await import(other);
