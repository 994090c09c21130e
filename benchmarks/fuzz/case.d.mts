export const FORMATS: readonly string[];
/** `outcome`: "valid", "skip", "uncoded" or an error's code; `wrong`: what must not be. */
export function run(
  format: string,
  seed: number,
  index: number,
): Promise<{ readonly outcome: string; readonly wrong?: string; readonly seconds: number; readonly bytes: number }>;
