import { RegimenError, type Change, type Score, type Train, type Trained } from "@regimen/core";

/** Parts of either phase, after each of which the validation split is asked. */
const PARTS = 4;
/** The first phase has settled when its last part made the validation loss smaller by less than this share of it. */
const SETTLED = 0.02;
/** The second diverges when the loss is so many times the smallest, and the error above that one's. */
const DIVERGED = 2;

const settled = (before: Score, now: Score): boolean => now.loss > before.loss * (1 - SETTLED);
const diverged = (best: Score, now: Score): boolean => now.loss > DIVERGED * best.loss && now.error > best.error;

/**
 * Supervised first, for at most the share `supervised` of the plan and until validation settles, then `semi(begin)`, with
 * `begin` the share at which it began. Where the second phase diverges, the training goes back to where it last was well and ends supervised. The
 * caller owns the answer's model.
 *
 * Errors: REG_LOSS_NAN of the first phase.
 */
export async function inPhases(
  next: Train,
  supervised: number,
  semi: (begin: number, from: Trained) => Promise<Partial<Change>>,
): Promise<Trained> {
  const part = supervised / PARTS;
  let well = await next({ name: "supervised-0", span: [0, part] });
  let begin = part;
  try {
    for (let at = 1; at < PARTS; at++) {
      const before = well;
      well = await goOn(next, well, { name: `supervised-${at}`, span: [begin, begin + part] });
      begin += part;
      if (settled(before.score, well.score)) break;
    }
    const change = await semi(begin, well);
    let best = well.score;
    for (let at = 0; at < PARTS; at++) {
      const span = [begin + ((1 - begin) * at) / PARTS, begin + ((1 - begin) * (at + 1)) / PARTS] as const;
      const tried = await next({ ...change, name: `semi-${at}`, span, ...goesOn(well) }).catch(onlyDiverged);
      if (tried && !diverged(best, tried.score)) {
        well.model.dispose();
        well = tried;
        if (tried.score.loss < best.loss) best = tried.score;
        continue;
      }
      tried?.model.dispose();
      // The images of the part are spent. The rest has the end of the schedule.
      if (at < PARTS - 1) well = await goOn(next, well, { name: "reverted", span: [span[1], 1] });
      break;
    }
    return well;
  } catch (error) {
    well.model.dispose();
    throw error;
  }
}

const goesOn = ({ snapshot }: Trained): Pick<Change, "from"> => (snapshot ? { from: snapshot } : {});

async function goOn(next: Train, before: Trained, change: Change): Promise<Trained> {
  const after = await next({ ...change, ...goesOn(before) });
  before.model.dispose();
  return after;
}

function onlyDiverged(error: unknown): undefined {
  if (error instanceof RegimenError && error.code === "REG_LOSS_NAN") return undefined;
  throw error;
}
