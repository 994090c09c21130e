import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { randaugment } from "./randaugment.ts";

export { randaugment } from "./randaugment.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(randaugment),
};
export default plugin;
