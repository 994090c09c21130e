import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { sam } from "./sam.ts";

export { drawSam, sharpened, sam } from "./sam.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (registry) => registry.technique(sam),
};
export default plugin;
