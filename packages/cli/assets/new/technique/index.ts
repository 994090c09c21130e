import type { Plugin } from "@regimen/core";
import manifest from "../package.json" with { type: "json" };
import { __IDENT__ } from "./__SHORT__.js";

export { apply__TITLE__, draw__TITLE__, __IDENT__ } from "./__SHORT__.js";

const plugin: Plugin = {
  name: manifest.name,
  version: manifest.version,
  register: (into) => into.technique(__IDENT__),
};
export default plugin;
