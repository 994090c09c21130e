import type { Json, MetaLearner, Plugin } from "@regimen/core";

/**
 * A metalearner's default export: the plug-in, and the function that makes the metalearner, in one. `plugins: [random]`
 * registers it under `as`; `metalearner: random({ trials: 12 })` makes one with options.
 */
export function learnerPlugin<O extends object>(
  { name, version }: { readonly name: string; readonly version: string },
  as: string,
  create: (options?: { readonly [option: string]: Json | undefined }) => MetaLearner,
): ((options?: O) => MetaLearner) & Plugin {
  const make = (options?: O): MetaLearner => create({ ...options });
  const register: Plugin["register"] = (into) => into.metalearner({ name: as, version, create });
  return Object.defineProperties(make as typeof make & Plugin, {
    name: { value: name },
    version: { value: version },
    register: { value: register },
  });
}
