import assert from "node:assert/strict";

/** Throws where a value would not survive `JSON.stringify` and back. */
export function assertJson(value: unknown, path: string): void {
  if (value === null || typeof value === "string" || typeof value === "boolean") return;
  if (typeof value === "number") assert.ok(Number.isFinite(value), `${path} is ${value}, which JSON has not`);
  else if (Array.isArray(value)) value.forEach((item, at) => assertJson(item, `${path}[${at}]`));
  else {
    const plain = typeof value === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(value));
    assert.ok(plain, `${path} is ${describe(value)}, which JSON has not`);
    // A key that is undefined is left out by JSON, and means the same.
    for (const [key, item] of Object.entries(value as object))
      if (item !== undefined) assertJson(item, `${path}.${key}`);
  }
}
const describe = (value: unknown): string =>
  typeof value === "object"
    ? `a ${(value as object).constructor?.name}`
    : typeof value === "undefined"
      ? "undefined"
      : `a ${typeof value}`;

export const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
/** Equal as JSON, whatever the order of keys. */
export const sameJson = (a: unknown, b: unknown, message: string): void => assert.deepEqual(copy(a), copy(b), message);

/** Freezes a value through and through: writing to it throws. */
export function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
