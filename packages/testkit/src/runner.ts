/** A named check. It throws where the law is broken. */
export interface Law {
  readonly name: string;
  readonly check: () => void | Promise<void>;
}

type Declare = (name: string, body: () => void | Promise<void>) => unknown;

/** What the kit needs of a test runner: vitest, jest and node:test have it. */
export type Runner = {
  readonly describe?: (name: string, body: () => void) => unknown;
} & ({ readonly test: Declare } | { readonly it: Declare });

/** Hands laws to a runner, each as a test of its own. */
export function declare(subject: string, laws: readonly Law[], runner: Runner): void {
  const test = "test" in runner ? runner.test : runner.it;
  const all = (prefix: string): void => {
    for (const law of laws) test(`${prefix}${law.name}`, () => law.check());
  };
  if (runner.describe) runner.describe(subject, () => all(""));
  else all(`${subject}: `);
}
