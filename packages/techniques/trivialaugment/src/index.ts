import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { trivialaugment } from "./trivialaugment.ts";

export { trivialaugment } from "./trivialaugment.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(trivialaugment),
};
export default plugin;
