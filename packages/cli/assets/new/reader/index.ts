import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { __IDENT__ } from "./__SHORT__.js";

export { __IDENT__ } from "./__SHORT__.js";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (into) => into.reader(__IDENT__),
};
export default plugin;
