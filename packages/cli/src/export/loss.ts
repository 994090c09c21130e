import type { DataSpec, Regimen, Source, Task } from "@regimen/core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Metadata } from "../job/metadata.ts";
import { openSaved } from "../job/saved.ts";

/** The error on the same images with the weights as they were trained, and as they were exported. */
export type Loss = { readonly images: number; readonly trained: number; readonly exported: number };

/** Errors: REG_DATA_*, REG_MODEL_*. */
export async function lossOf(
  regimen: Regimen,
  order: { readonly model: string; readonly metadata: Metadata; readonly spec: DataSpec; readonly cwd: string },
  smaller: () => Promise<LayersModel>,
): Promise<Loss> {
  const { model, how, classes } = await openSaved(order.model, order.cwd);
  const task = order.metadata.task as Task | undefined;
  const evaluate = async (given: LayersModel, data: Source) => {
    try {
      return await regimen.evaluate({ model: given, data, ...(task && { task }) });
    } finally {
      given.dispose();
    }
  };
  const data = await regimen.open(order.spec, { base: order.cwd, ...how, ...(classes && { classes }) });
  try {
    const trained = await evaluate(model, data);
    const exported = await evaluate(await smaller(), data);
    return { images: trained.images, trained: trained.error, exported: exported.error };
  } finally {
    data.dispose();
  }
}
