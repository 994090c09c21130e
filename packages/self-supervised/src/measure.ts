import type { Json, Measure, Predictor, Run, Source } from "@regimen/contracts";
import { classesOf } from "@regimen/sources";
import { nearestNeighbours } from "./neighbours.ts";
import { linearProbe, type Features } from "./probe.ts";

/** Shares of wrong answers, 0..1. */
export type Worth = { readonly probe: number; readonly neighbours: number };

/**
 * What a model's features are worth: a linear probe and a vote of neighbours, taught on the run's labelled images and judged
 * on its validation images. Costs one forward pass of each; `name` is unique within the run.
 */
export async function probeModel(run: Pick<Run, "data" | "table">, model: Predictor, name: string): Promise<Worth> {
  const of = async (split: string, source: Source): Promise<Features> => {
    const { columns } = await run.table(`${name}/${split}`, model, source, ({ features }) => ({ features }));
    return { ...columns["features"]!, labels: classesOf(source) };
  };
  const { train, validation } = run.data;
  const [known, asked] = [await of("train", train), await of("validation", validation)];
  const classes = train.classes.length;
  return {
    probe: linearProbe(known, asked, classes).error,
    neighbours: nearestNeighbours(known, asked, classes).error,
  };
}

/** For a metalearner's `measures`: `{ probe, neighbours }` of the model that a checkpoint holds. */
export const probes: Measure = async (run): Promise<Json> => probeModel(run, run.model, "probe");
