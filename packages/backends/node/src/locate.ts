import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findNative, lendTfjs } from "@regimen/native";

const here = createRequire(import.meta.url);

/**
 * A require function that finds `name`, or undefined. In this order: in the folder that REGIMEN_TFJS_NODE names, whatever its
 * state; in the user's working directory or beside Regimen, if it is complete there; in the cache, where `regimen native` has
 * put it; and an incomplete one last, which says best itself what it lacks.
 */
export function requireThatFinds(name: string): NodeJS.Require | undefined {
  lendTfjs(here("@tensorflow/tfjs-core") as object);
  const named = process.env["REGIMEN_TFJS_NODE"];
  const wanted = named ? found(join(named, "/"), name) : undefined;
  if (wanted) return wanted;
  const installed = [join(process.cwd(), "/"), import.meta.url].flatMap((from) => found(from, name) ?? []);
  const cached = findNative(name)?.folder;
  return (
    installed.find((require) => complete(require, name)) ?? (cached ? createRequire(join(cached, "/")) : installed[0])
  );
}

function found(from: string, name: string): NodeJS.Require | undefined {
  const require = createRequire(from);
  try {
    require.resolve(name);
    return require;
  } catch {
    return undefined;
  }
}

/** Whether it has a binding and works with our tfjs-core: with another copy of that, nothing could be shared. */
function complete(require: NodeJS.Require, name: string): boolean {
  try {
    const manifest = require.resolve(`${name}/package.json`);
    const tfjs = createRequire(manifest).resolve("@tensorflow/tfjs/package.json");
    const core = createRequire(tfjs).resolve("@tensorflow/tfjs-core");
    const bindings = join(dirname(manifest), "lib");
    return (
      core === here.resolve("@tensorflow/tfjs-core") &&
      readdirSync(bindings).some((folder) => existsSync(join(bindings, folder, "tfjs_binding.node")))
    );
  } catch {
    return false; // a part of it is missing
  }
}
