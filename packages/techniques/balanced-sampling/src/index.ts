import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { balancedSampling } from "./balanced-sampling.ts";

export { balancedSampling, chancesOf } from "./balanced-sampling.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(balancedSampling),
};
export default plugin;
