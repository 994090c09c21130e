import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { simclr } from "./simclr.ts";

export { ntXent, simclr, simclrMethod } from "./simclr.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(simclr),
};
export default plugin;
