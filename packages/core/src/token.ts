import "reflect-metadata";

/** A token that carries its type. `Symbol.for`: the same in every copy of this package. */
export type Token<T> = symbol & { readonly __type?: T };
export const token = <T>(name: string): Token<T> => Symbol.for(`regimen/v1/${name}`) as Token<T>;
