import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { node, nodeGpu } from "./backend.ts";

export { node, nodeGpu } from "./backend.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.backend(nodeGpu);
    into.backend(node);
  },
};
export default plugin;
