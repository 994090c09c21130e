import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { weakTail } from "./weak-tail.ts";

export { strongOf, weakTail } from "./weak-tail.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(weakTail),
};
export default plugin;
