import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { stochasticDepth } from "./stochastic-depth.ts";

export { BranchDrop, dropBranch, type BranchDropConfig } from "./branch-drop.ts";
export { applyStochasticDepth, drawStochasticDepth, stochasticDepth } from "./stochastic-depth.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(stochasticDepth),
};
export default plugin;
