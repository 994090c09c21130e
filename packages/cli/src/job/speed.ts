import type { JobOptions, ModelInput, Regimen, Source } from "@regimen/core";

/** Images of the trial run, and how long it may take: enough for a figure, little beside any training. */
const IMAGES = 256;
const SECONDS = 12;

/**
 * Images a second of plain training with this model on this machine, measured by a short training on a few of the images;
 * null where it could not be told.
 */
export async function measureSpeed(
  regimen: Regimen,
  model: ModelInput,
  train: Source,
  settings: Pick<JobOptions, "task" | "training" | "seed">,
  signal: AbortSignal,
): Promise<number | null> {
  const step = Math.max(1, Math.floor(train.length / IMAGES));
  const rows = Array.from({ length: Math.min(IMAGES, train.length) }, (_, i) => i * step);
  const few = train.subset(rows);
  const late = AbortSignal.timeout(1000 * SECONDS);
  let seen: number | null = null;
  try {
    const running = regimen.fit({
      ...settings,
      model,
      data: { train: few, validation: few.subset(Array.from({ length: Math.min(32, rows.length) }, (_, i) => i)) },
      training: { ...settings.training, epochs: 2 },
      policy: "none",
      signal: AbortSignal.any([signal, late]),
    });
    for await (const event of running) if (event.kind === "progress") seen = event.imagesPerSecond;
    const { imagesPerSecond, model: trained } = await running;
    trained.dispose();
    return imagesPerSecond;
  } catch (error) {
    signal.throwIfAborted();
    if (late.aborted) return seen;
    throw error;
  }
}
