// The API reference: one module for each package, named as it is installed.
import { join, relative } from "node:path";
import { packages, root } from "../../scripts/packages.mjs";

const manifests = new Map(
  packages.map(({ folder, manifest }) => [`${relative(join(root, "packages"), folder)}/src`, manifest]),
);

/** Modules are named after their packages, not after their folders, and say what these are for. */
function named(app) {
  app.converter.on("resolveBegin", ({ project }) => {
    for (const module of project.children) {
      const { name, description } = manifests.get(module.name);
      module.name = name;
      module.readme = [{ kind: "text", text: `${description}.` }];
    }
  });
}

export default {
  name: "Regimen",
  entryPoints: packages.map(({ folder }) => join(folder, "src", "index.ts")),
  tsconfig: "../../tsconfig.json",
  out: "html",
  readme: "README.md",
  plugin: [named],
  disableSources: true,
  treatWarningsAsErrors: true,
};
