import { createHash } from "node:crypto";
import type { Source, Splits } from "@regimen/contracts";

/** Images of each split whose pixels are looked at: enough to tell another set, few enough to cost nothing. */
const LOOKED_AT = 256;

/**
 * A digest of what trainings see: names and labels of all rows, pixels of some from all over. Equal where two processes opened
 * the same data, in the same order and split. The test split is not looked at.
 */
export async function digestOf({ train, validation, unlabeled, synthetic }: Omit<Splits, "test">): Promise<string> {
  const hash = createHash("sha256");
  for (const part of [train, validation, unlabeled, synthetic]) {
    hash.update(part ? `${part.length} of ${part.classes.join()}\n` : "none\n");
    if (part) await add(part, hash);
  }
  return hash.digest("hex");
}

async function add(part: Source, hash: ReturnType<typeof createHash>): Promise<void> {
  for (let row = 0; row < part.length; row++) hash.update(`${part.id(row)}\n`);
  const labels = part.labels();
  if (labels) hash.update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  const many = Math.min(LOOKED_AT, part.length);
  const { images } = await part.read(Array.from({ length: many }, (_, at) => Math.floor((at * part.length) / many)));
  hash.update(new Uint8Array(images.buffer, images.byteOffset, images.byteLength));
}
