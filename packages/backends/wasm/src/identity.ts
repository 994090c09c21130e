import { register } from "./register.ts";
import type { Memory } from "./memory.ts";

/** A clone that shares its values, as on every other backend; tfjs' own copies them, for each tensor that a gradient saves. */
export function registerIdentity(memory: Memory): void {
  register("Identity", ({ inputs }) => memory.share(inputs["x"]!));
}
