import type { Runner } from "../src/index.ts";

export type Laws = ReadonlyMap<string, () => void | Promise<void>>;

/** What a kit hands to a runner, by name, instead of running it. */
export function collect(declare: (runner: Runner) => void): Laws {
  const laws = new Map<string, () => void | Promise<void>>();
  declare({ describe: (_, body) => body(), test: (name, body) => laws.set(name, body) });
  return laws;
}

/** The message with which the law whose name begins so fails; undefined where it holds. */
export async function verdict(laws: Laws, begins: string): Promise<string | undefined> {
  const [found] = [...laws].filter(([name]) => name.startsWith(begins));
  if (!found) throw new Error(`there is no law "${begins}"; there are ${[...laws.keys()].join("; ")}`);
  try {
    await found[1]();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
