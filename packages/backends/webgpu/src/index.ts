import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { webgpu } from "./backend.ts";

export { webgpu } from "./backend.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.backend(webgpu);
  },
};
export default plugin;
