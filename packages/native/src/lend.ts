/** The one place that two modules share which know nothing of each other's address. */
export const KEY = "@regimen/native: tfjs-core";

/**
 * Says which copy of tfjs-core a tfjs-node of the cache is to work with, in this process: it has none of its own, so that all
 * projects can share it. To be called before it is required. `core`: what `require("@tensorflow/tfjs-core")` gives.
 */
export function lendTfjs(core: object): void {
  (globalThis as { [key: symbol]: unknown })[Symbol.for(KEY)] = core;
}

/**
 * What tfjs-node gets, as CommonJS, where it asks for tfjs-core and for tfjs. Beyond tfjs-core's it uses three names of tfjs: a
 * version, and two that show progress in `model.fit` of tfjs-layers, which Regimen does not want. It also chains these operations.
 */
export const STAND_INS: Readonly<Record<string, string>> = {
  "@tensorflow/tfjs-core": `const core = globalThis[Symbol.for(${JSON.stringify(KEY)})];
if (!core) throw new Error("this tfjs-node belongs to Regimen and has no tfjs-core of its own; use it through @regimen/backend-node");
module.exports = core;
`,
  "@tensorflow/tfjs": `const core = require("@tensorflow/tfjs-core");
const chained = {
  flatten() { return core.reshape(this, [this.size]); },
  toFloat() { return core.cast(this, "float32"); },
  toInt() { return core.cast(this, "int32"); },
};
for (const name of ["add", "div", "equal", "floorDiv", "max", "min", "mul", "reshape", "slice", "squeeze", "sub", "sum"]) {
  chained[name] = function (...rest) { return core[name](this, ...rest); };
}
for (const [name, value] of Object.entries(chained)) {
  if (name in core.Tensor.prototype) continue;
  Object.defineProperty(core.Tensor.prototype, name, { value, configurable: true, writable: true });
}
module.exports = Object.create(core, Object.getOwnPropertyDescriptors({
  version: { "tfjs-core": core.version_core },
  CustomCallback: class {},
  registerCallbackConstructor() {},
}));
`,
};
