import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { barlowTwins } from "./barlow-twins.ts";

export { barlowLoss, barlowTwins, barlowTwinsMethod } from "./barlow-twins.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(barlowTwins),
};
export default plugin;
