import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { earlyStopping } from "./early-stopping.ts";

export { earlyStopping } from "./early-stopping.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(earlyStopping),
};
export default plugin;
