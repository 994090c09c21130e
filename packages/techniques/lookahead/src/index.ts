import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { lookahead } from "./lookahead.ts";

export { applyLookahead, drawLookahead, lookahead } from "./lookahead.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(lookahead),
};
export default plugin;
