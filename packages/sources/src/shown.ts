import type { Report, Source, Splits } from "@regimen/contracts";
import { digests } from "./split.ts";

/** Images that are equal to the bit: within the training split, and between the test split and what was trained on. */
export async function duplicatesOf({
  train,
  validation,
  test,
}: Splits): Promise<{ within: number; across: number | null }> {
  const own = await digests(train);
  const seen = new Set([...own, ...(await digests(validation))]);
  const across = test ? (await digests(test)).filter((digest) => seen.has(digest)).length : null;
  return { within: own.length - new Set(own).size, across };
}
/** How many wrong answers are shown; the others are listed. */
const SHOWN = 24;
/** The first of a report's wrong answers with their pictures. */
export async function withPictures(listed: Report["misclassified"], of: Source): Promise<Report["misclassified"]> {
  const rows = new Map(Array.from({ length: of.length }, (_, row) => [of.id(row), row]));
  return Promise.all(
    listed.map(async (one, at) => ({
      ...one,
      image: at < SHOWN ? ((await of.picture?.(rows.get(one.id)!)) ?? null) : null,
    })),
  );
}
