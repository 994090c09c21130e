import { RegimenError } from "@regimen/contracts";
import type { Locate } from "./check.ts";
import type { Config } from "./types.ts";

/** The technique that uses the images of `data.synthetic`. */
const TECHNIQUE = "@regimen/technique-synthetic";

/** The ratio that each source of `data.synthetic` asks for; undefined where it is left to the search. */
export const ratiosOf = ({ data }: Pick<Config, "data">): readonly (number | undefined)[] =>
  (typeof data === "string" ? [] : (data.synthetic ?? [])).map((one) =>
    typeof one === "string" || one.ratio === "auto" ? undefined : one.ratio,
  );

/** The configuration's search; a ratio of `data.synthetic` that is a number is fixed in its space. Errors: REG_CONFIG_INVALID. */
export function searchOf(config: Config, locate: Locate): Config["search"] {
  const ratios = ratiosOf(config);
  const given = ratios.filter((ratio) => ratio !== undefined);
  if (!given.length) return config.search;
  const bad = (why: string): never => {
    throw new RegimenError("REG_CONFIG_INVALID", `data.synthetic (${locate(["data", "synthetic"])}) ${why}`);
  };
  if (given.length < ratios.length)
    bad(`has a ratio for ${given.length} of ${ratios.length} sources; give a number to all of them, or auto to all`);
  const { space } = config.search ?? {};
  if (space?.[TECHNIQUE] !== undefined)
    bad(
      `has a ratio, and search.space (${locate(["search", "space", TECHNIQUE])}) speaks of ${TECHNIQUE} too; say it in one place`,
    );
  return { ...config.search, space: { ...space, [TECHNIQUE]: { r: given.reduce((sum, ratio) => sum + ratio, 0) } } };
}
