import * as tf from "@tensorflow/tfjs-core";
import type { Tensor2D } from "@tensorflow/tfjs-core";
import type { Forward, Fragment, Json, Measure, Source, Table } from "@regimen/core";
import type { Candidate } from "./candidates.ts";
import { compareViews, type Comparison, type View } from "./compare.ts";

export type ProbeArgs = {
  readonly candidates: readonly Candidate[];
  /** Held-out images that every candidate is seen on. */ readonly images: number;
  /** Images at the most that those are seen on which may be refused: where they are more than were held out, training images too. */
  readonly further: number;
  /** How many looks at an image that may take. */ readonly looks: number;
  /** Techniques that are looked at on all of them, whatever they seem to do, and forgiven nothing. */ readonly careful: readonly string[];
  /** The technique whose shift by two pixels shows what is harmless; absent: five in a hundred are. */
  readonly shift: string | null;
};
/** What a candidate does to the answers of the model on so many images. */
export type Probed = Candidate & Comparison;
export type ProbeAnswer = { readonly probed: readonly Probed[] };

/** Pixels by which anything may be moved. */
const HARMLESS = 2;
/** Looks at each image besides the candidates': as it is, and shifted. */
export const UNCHANGED = 2;
/** The share of the second looks that goes to what turns things. */
const TURNS = 2 / 3;
/** A directed flip this unlikely is looked at again on more images. */
const SUSPICIOUS = 0.01;

const pick = ({ features, outputs }: Forward) => ({ features, probabilities: tf.softmax(outputs as Tensor2D) });

/**
 * Pass 1: inference alone. The trained model looks at held-out images, as they are and through each candidate: how much the
 * loss rises, how far the features move, which images it then takes for another class.
 */
export const probe: Measure = async (run, args) => {
  const { candidates, images, further, looks, careful, shift } = args as unknown as ProbeArgs;
  const { validation, train } = run.data;
  const look = async (images: number, asked: readonly Candidate[]): Promise<readonly Probed[]> => {
    const heldOut = Math.min(images, validation.length);
    const parts = [
      validation.subset(roundRobin(validation).slice(0, heldOut)),
      ...(images > heldOut ? [train.subset(roundRobin(train).slice(0, images - heldOut))] : []),
    ];
    const labels = Int32Array.from(parts.flatMap((part) => [...labelsOf(part)]));
    const seen = async (policies: readonly Fragment[]): Promise<readonly View[]> => {
      const tables: (readonly Table[])[] = [];
      for (const part of parts) tables.push(await run.through(policies, part, pick));
      return policies.map((_, at) => viewOf(tables.map((of) => of[at]!)));
    };
    const [before] = await seen([{ steps: [] }]);
    const { h, w } = validation.format;
    // Whole pixels are drawn up to ⌊m · side / 4⌋.
    const moved = shift && { use: shift, with: { m: Math.min(1, (4 * HARMLESS) / Math.min(h, w)), rr: 1 } };
    const [harmless] = moved ? await seen([{ steps: [moved] }]) : [];
    const probed: Probed[] = [];
    for (const use of new Set(asked.map((candidate) => candidate.use))) {
      const own = asked.filter((candidate) => candidate.use === use);
      const policies = own.map((candidate): Fragment => ({ steps: [candidate] }));
      for (const [at, after] of (await seen(policies)).entries())
        probed.push({
          ...own[at]!,
          ...compareViews(before!, after, labels, { harmless, forgiving: !careful.includes(use), heldOut }),
        });
    }
    return probed;
  };
  const first = await look(images, candidates);
  // What turns things first, since it is not used unseen.
  const turns = first.filter(({ use }) => careful.includes(use));
  const others = first.filter(({ use, flip }) => !careful.includes(use) && flip !== null && flip.p < SUSPICIOUS);
  const second: Probed[] = [];
  let left = looks;
  for (const [again, share] of [[turns, others.length ? TURNS : 1] as const, [others, 1] as const]) {
    const all = Math.min(further, Math.floor((share * left) / (again.length + UNCHANGED)));
    if (!again.length || all <= images) continue;
    second.push(...(await look(all, again)));
    left -= all * (again.length + UNCHANGED);
  }
  const probed = first.map((one) => second.find((two) => same(one, two)) ?? one);
  return { probed } satisfies ProbeAnswer as unknown as Json;
};

const same = (a: Candidate, b: Candidate): boolean =>
  a.use === b.use && JSON.stringify(a.with) === JSON.stringify(b.with);

/** Tables of the same columns, one after the other. */
function viewOf(tables: readonly Table[]): View {
  const joined = (name: string): View["features"] => {
    const columns = tables.map((table) => table.columns[name]!);
    const values = new Float32Array(columns.reduce((sum, column) => sum + column.values.length, 0));
    let at = 0;
    for (const column of columns) {
      values.set(column.values, at);
      at += column.values.length;
    }
    return { ...columns[0]!, values };
  };
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return { rows, features: joined("features"), probabilities: joined("probabilities") };
}

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
