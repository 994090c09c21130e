import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyAsset, filledAsset } from "../assets.ts";
import { typed } from "../display/style.ts";
import { assertClassifies, loadParts, readModel, writeMetadata, writeModel } from "./files.ts";
import type { Target } from "./target.ts";
import { TFJS } from "./tfjs.ts";

/** A server that classifies over HTTP; `@tensorflow/tfjs` is all it needs. Errors: REG_MODEL_*. */
export const exportNode: Target = async ({ model, metadata, name, out, shown, weights }) => {
  assertClassifies(metadata, name);
  const parts = await readModel(model, weights);
  const folder = join(out, "model");
  await mkdir(folder);
  await writeModel(folder, parts);
  await writeMetadata(folder, metadata);
  const manifest = {
    name: "classifier-server",
    version: "1.0.0",
    private: true,
    type: "commonjs",
    scripts: { start: "node server.js" },
    engines: { node: ">=20" },
    dependencies: { "@tensorflow/tfjs": TFJS },
  };
  await writeFile(join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  await copyAsset("export/classifier.js", join(out, "classifier.js"));
  await copyAsset("export/node/server.js", join(out, "server.js"));
  await writeFile(
    join(out, "README.md"),
    await filledAsset("export/node/README.md", (text) => text.replaceAll("{{name}}", name)),
  );
  return {
    files: ["server.js", "classifier.js", "model", "package.json", "README.md"],
    next: [`cd ${typed(shown)} && npm install && npm start`],
    smaller: () => loadParts(parts),
  };
};
