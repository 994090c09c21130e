import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { fixmatch } from "./fixmatch.ts";

export { fixmatch } from "./fixmatch.ts";
export { classThresholds, confidentShares, hardLabels } from "./labels.ts";
export { inPhases } from "./phases.ts";
export { applyLoss, applyViews, rampUp, type How, type Recipe } from "./semi-supervised.ts";
export { drawViews, strongView, viewsWithout, weakView, type Views } from "./views.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(fixmatch),
};
export default plugin;
