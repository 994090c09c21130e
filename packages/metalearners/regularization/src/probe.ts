import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Forward, Fragment, Json, Measure, Source, Table } from "@regimen/core";
import type { Candidate } from "./candidates.ts";
import { compareViews, type Comparison, type View } from "./compare.ts";

export type ProbeArgs = {
  readonly candidates: readonly Candidate[];
  /** Held-out images that every candidate is seen on, and that those are seen on which may be refused. */
  readonly images: number;
  readonly further: number;
  /** Techniques that are looked at on all of them, whatever they seem to do, and forgiven nothing. */ readonly careful: readonly string[];
  /** The technique whose shift by two pixels shows what is harmless; absent: five in a hundred are. */
  readonly shift: string | null;
};
/** What a candidate does to the answers of the model on so many images. */
export type Probed = Candidate & Comparison;
export type ProbeAnswer = { readonly probed: readonly Probed[] };

/** Pixels by which anything may be moved. */
const HARMLESS = 2;
/** A directed flip this unlikely is looked at again on more images. */
const SUSPICIOUS = 0.01;

const pick = ({ features, outputs }: Forward) => ({ features, probabilities: tf.softmax(outputs as Tensor2D) });

/**
 * Pass 1: inference alone. The trained model looks at held-out images, as they are and through each candidate: how much the
 * loss rises, how far the features move, which images it then takes for another class.
 */
export const probe: Measure = async (run, args) => {
  const { candidates, images, further, careful, shift } = args as unknown as ProbeArgs;
  const held = run.data.validation;
  const order = roundRobin(held);
  const look = async (on: Source, asked: readonly Candidate[]): Promise<readonly Probed[]> => {
    const labels = labelsOf(on);
    const [plain] = await run.through([{ steps: [] }], on, pick);
    const before = viewOf(plain!);
    const { h, w } = on.format;
    // Whole pixels are drawn up to ⌊m · side / 4⌋.
    const moved = shift && { use: shift, with: { m: Math.min(1, (4 * HARMLESS) / Math.min(h, w)), rr: 1 } };
    const [harmless] = moved ? await run.through([{ steps: [moved] }], on, pick) : [];
    const probed: Probed[] = [];
    for (const use of new Set(asked.map((candidate) => candidate.use))) {
      const own = asked.filter((candidate) => candidate.use === use);
      const policies = own.map((candidate): Fragment => ({ steps: [candidate] }));
      const tables = await run.through(policies, on, pick);
      for (const [at, table] of tables.entries())
        probed.push({
          ...own[at]!,
          ...compareViews(before, viewOf(table), labels, {
            harmless: harmless && viewOf(harmless),
            forgiving: !careful.includes(use),
          }),
        });
    }
    return probed;
  };
  const first = await look(held.subset(order.slice(0, images)), candidates);
  const again = first.filter(({ use, flip }) => careful.includes(use) || (flip !== null && flip.p < SUSPICIOUS));
  const second = further > images && again.length ? await look(held.subset(order.slice(0, further)), again) : [];
  const probed = first.map((one) => second.find((two) => same(one, two)) ?? one);
  return { probed } satisfies ProbeAnswer as unknown as Json;
};

const same = (a: Candidate, b: Candidate): boolean =>
  a.use === b.use && JSON.stringify(a.with) === JSON.stringify(b.with);

const viewOf = ({ rows, columns }: Table): View => ({
  rows,
  features: columns["features"]!,
  probabilities: columns["probabilities"]!,
});

function labelsOf(on: Source): Int32Array {
  const [labels, classes] = [on.labels()!, on.classes.length];
  return Int32Array.from({ length: on.length }, (_, row) => {
    const own = labels.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
}

/** The rows of a source, one of each class in turn, so that any beginning holds all classes alike. */
function roundRobin(on: Source): number[] {
  const labels = labelsOf(on);
  const turns = new Int32Array(on.classes.length);
  const turn = Array.from(labels, (label) => turns[label]!++);
  return [...turn.keys()].sort((a, b) => turn[a]! - turn[b]! || a - b);
}
