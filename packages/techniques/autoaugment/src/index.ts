import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { autoaugment } from "./autoaugment.ts";

export { autoaugment } from "./autoaugment.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(autoaugment),
};
export default plugin;
