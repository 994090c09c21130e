import type { Plugin } from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import manifest from "../package.json" with { type: "json" };
import { distillation, distillationWith } from "./distillation.ts";

export { distillation } from "./distillation.ts";
export { distillationLoss, softTargets } from "./loss.ts";

const pluginOf = (technique: typeof distillation): Plugin => ({
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(technique),
});

/**
 * The plug-in with a teacher of your own, in place of the package's default export: a policy's `teacher` is then "given" unless
 * it says otherwise. `teacher` takes raw pixels and stays yours: dispose of it after the last run.
 */
export const distillFrom = (teacher: LayersModel): Plugin => pluginOf(distillationWith(teacher));

export default pluginOf(distillation);
