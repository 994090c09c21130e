import type { Host } from "@regimen/cli";
import manifest from "../package.json" with { type: "json" };

/** This package, whose dependencies are the plug-ins that come with it. */
export const host: Host = { url: import.meta.url, manifest, import: (name) => import(name) };
