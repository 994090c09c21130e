import schema from "../../assets/regimen.schema.json" with { type: "json" };

/** The part of JSON Schema that the configuration uses. */
export type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
};

const definitions = schema.definitions as unknown as Readonly<Record<string, Schema>>;

export function follow(part: Schema): Schema {
  const named = part.$ref?.split("/").at(-1);
  if (named !== undefined) return follow(definitions[named]!);
  return part.allOf?.length === 1 ? follow(part.allOf[0]!) : part;
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** What a value must be, as a person says it: `a whole number of at least 1, or "auto"`. */
export function expected(part: Schema): string {
  const at = follow(part);
  if (at.anyOf) return list(at.anyOf.map(expected));
  if (at.enum) return `one of ${at.enum.map((value) => JSON.stringify(value)).join(", ")}`;
  if ("const" in at) return JSON.stringify(at.const);
  if (Array.isArray(at.type)) return list(at.type.map((type: string) => expected({ type })));
  if (at.type === "string") return "a text";
  if (at.type === "boolean") return "true or false";
  if (at.type === "array") {
    const most = at.maxItems === undefined ? "a list" : `a list of at most ${at.maxItems}`;
    const some = at.minItems === at.maxItems && at.minItems !== undefined ? `${at.minItems} values` : most;
    return at.items ? `${some} (each ${expected(at.items)})` : some;
  }
  if (at.type === "object") {
    const keys = at.required ?? [];
    return keys.length > 0 ? `{ ${keys.join(", ")}: … }` : "keys and values";
  }
  const bounds = [
    at.exclusiveMinimum !== undefined ? `above ${at.exclusiveMinimum}` : undefined,
    at.exclusiveMaximum !== undefined ? `below ${at.exclusiveMaximum}` : undefined,
    at.minimum !== undefined ? `of at least ${at.minimum}` : undefined,
    at.maximum !== undefined ? `at most ${at.maximum}` : undefined,
  ].filter((bound) => bound !== undefined);
  const kind = at.type === "integer" ? "a whole number" : "a number";
  return bounds.length > 0 ? `${kind} ${bounds.join(" and ")}` : kind;
}
