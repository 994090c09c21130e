import type { Plugin, Technique } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { augmentations } from "./augment.ts";
import { cluster } from "./cluster.ts";

export * from "./augment.ts";
export { cluster, parseClusters, type Entry } from "./cluster.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(registry) {
    // Their hyperparameters differ; `create` is a method, so that each is a Technique of any.
    for (const technique of [...Object.values(augmentations), cluster])
      registry.technique(technique as unknown as Technique);
  },
};
export default plugin;
