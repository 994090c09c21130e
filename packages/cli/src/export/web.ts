import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { copyAsset, filledAsset } from "../assets.ts";
import { assertClassifies, loadParts, readModel } from "./files.ts";
import type { Target } from "./target.ts";
import { writeTfjs } from "./tfjs.ts";

/** So that a folder's name is text in HTML. */
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!);

/**
 * A page that classifies pictures in the browser: `index.html` opened from the disk or from any server. The model lies in a
 * script, since a page from the disk may read no other files. Errors: REG_MODEL_*, REG_USAGE.
 */
export const exportWeb: Target = async ({ model, metadata, name, out, shown, cwd, weights, tell }) => {
  assertClassifies(metadata, name);
  await writeTfjs(join(out, "tf.min.js"), cwd, tell);
  const parts = await readModel(model, weights);
  const { topology, specs } = parts;
  const { classes, input, output = "probabilities", test } = metadata;
  const saved = { classes, input, output, topology, specs, weights: parts.weights.toString("base64") };
  await writeFile(join(out, "model.js"), `globalThis.regimenModel = ${JSON.stringify(saved)};\n`);
  const error = test?.error;
  const measured =
    error === undefined ? "" : `On its test pictures it was right in ${(100 * (1 - error)).toFixed(1)} % of cases.`;
  const known = `${classes.length} classes: ${classes.slice(0, 20).join(", ")}${classes.length > 20 ? ", …" : ""}.`;
  const values: Record<string, string> = { name: escaped(name), known: escaped(known), measured };
  const page = await filledAsset("export/web/index.html", (text) =>
    text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key]!),
  );
  await writeFile(join(out, "index.html"), page);
  await copyAsset("export/classifier.js", join(out, "classifier.js"));
  await copyAsset("export/web/page.js", join(out, "page.js"));
  const files = ["index.html", "page.js", "classifier.js", "model.js", "tf.min.js"];
  return {
    files,
    next: [`open ${join(shown, "index.html")} in a browser, and drop a picture on it`],
    smaller: () => loadParts(parts),
  };
};
