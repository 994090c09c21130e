import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { classifier } from "./classifier.ts";

export { classifier } from "./classifier.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.scaffold(classifier);
  },
};
export default plugin;
