import type { JobOptions, ModelInput, Regimen, Source, TrainSettings } from "@regimen/core";
import { classesOf } from "@regimen/core";

/** A glance at few images tells whether a longer look is cheap; each is two epochs, of which the second counts. */
const GLANCE = { images: 8, batch: 8 } as const;
const LOOK = { images: 256, batch: 64 } as const;
/** Seconds that an epoch of the longer look may take, by what the glance has shown. */
const PATIENCE = 6;

type Shared = Pick<JobOptions, "task" | "seed"> & { readonly training: TrainSettings; readonly signal: AbortSignal };

/** Images a second of plain training with this model on this machine: measured, on a few of the images. */
export async function measureSpeed(regimen: Regimen, model: ModelInput, train: Source, how: Shared): Promise<number> {
  const glanced = await measure(regimen, model, spread(train, GLANCE.images), GLANCE.batch, how);
  const images = Math.min(LOOK.images, train.length);
  if (images < 2 * GLANCE.images || images > PATIENCE * glanced) return glanced;
  const { batchSize = "auto" } = how.training;
  const batch = Math.min(batchSize === "auto" ? LOOK.batch : batchSize, images);
  return measure(regimen, model, spread(train, images), batch, how);
}

async function measure(
  regimen: Regimen,
  model: ModelInput,
  few: Source,
  batchSize: number,
  how: Shared,
): Promise<number> {
  const validation = few.subset(Array.from({ length: Math.min(GLANCE.images, few.length) }, (_, i) => i));
  const training = { ...how.training, epochs: 2, batchSize: Math.min(batchSize, few.length) };
  const result = await regimen.fit({ ...how, model, data: { train: few, validation }, training, policy: "none" });
  result.model.dispose();
  return result.imagesPerSecond;
}

/** `n` rows from all over a source, of two classes at least where it has them: a training of one class is refused. */
function spread(of: Source, n: number): Source {
  const classes = classesOf(of);
  const first = classes.findIndex((label) => label >= 0);
  const other = classes.findIndex((label) => label >= 0 && label !== classes[first]);
  const rows = new Set([first, other].filter((row) => row >= 0));
  for (let i = 0; i < n; i++) rows.add(Math.floor((i * of.length) / n));
  return of.subset([...rows].filter((row) => classes[row]! >= 0).slice(0, n));
}
