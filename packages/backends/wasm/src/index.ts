import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { wasm } from "./backend.ts";

export { wasm } from "./backend.ts";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register(into) {
    into.backend(wasm);
  },
};
export default plugin;
