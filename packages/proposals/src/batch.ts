import type { Problem } from "@regimen/core";

/** Images of a batch, as what was found so far says, or else as the problem does; 0 where nobody says. */
export const batchOf = ({ base, facts }: Problem): number =>
  Number(base.train?.["batchSize"] ?? facts["batchSize"] ?? 0);
