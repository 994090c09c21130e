import {
  StageState,
  applyBatch,
  batchOf,
  composePolicy,
  createStep,
  drawFor,
  fragmentOf,
  type Axis,
  type Fragment,
  type Member,
  type Params,
  type Policy,
  type PolicyByHand,
  type Rng,
  type Rows,
  type Shape,
  type Task,
  type Technique,
} from "@regimen/core";
import * as tf from "@tensorflow/tfjs-core";

/** Where techniques change what is seen: those of other slots leave images as they are. */
const SEEN: readonly string[] = ["space", "colour", "texture", "mix"];
/** Magnitudes at which every transform is shown. */
const MAGNITUDES = [0.2, 0.4, 0.6, 0.8, 1];
/** Draws among which the one is looked for that shows most. */
const DRAWS = 8;

/** Some images with what belongs to them: `images` is [n, h, w, c]. */
export type Pictures = Pick<Rows, "boxes" | "masks"> & { readonly images: Float32Array | Uint8Array };
/** One transform, from weak to strong on one image; `at`: what each picture shows. */
export type Shown = { readonly name: string; readonly at: readonly string[]; readonly pictures: readonly Pictures[] };

/** What is seen of a policy: its steps that change images. Errors: as `composePolicy`. */
export function seenOf(policy: Policy | PolicyByHand, techniques: readonly Technique[], task: Task): readonly Member[] {
  const { steps } = fragmentOf(policy, techniques);
  const seen = steps.filter(({ use }) => {
    const known = techniques.find(({ name }) => name === use);
    return known === undefined || SEEN.includes(known.order.slot);
  });
  return membersOf(seen, techniques, task);
}

/** Whatever facts they need may hold of the data that a policy is for. */
const membersOf = (steps: Fragment["steps"], techniques: readonly Technique[], task: Task): readonly Member[] =>
  composePolicy({ steps }, techniques, { task, facts: techniques.flatMap(({ order }) => order.needs ?? []) }).members;

/** A batch as a training's step `index` would see it. The same `rng` gives the same draws. */
export function augmented(members: readonly Member[], rows: Rows, shape: Shape, rng: Rng, index = 0): Pictures {
  const state = new StageState();
  try {
    return tf.tidy(() => {
      const draws = drawFor(members, rng, shape);
      const seed = rng.fork("device").seed();
      const step = createStep({ index, progress: 0, epoch: index, rates: { default: 0 }, seed, draws }, state);
      const { images, boxes, masks } = applyBatch(members, batchOf(rows, shape), step);
      return {
        images: Float32Array.from(images.dataSync()),
        ...(masks && { masks: Int32Array.from(masks.dataSync()) }),
        ...(boxes && {
          boxes: {
            at: Float32Array.from(boxes.at.dataSync()),
            labels: Float32Array.from(boxes.labels.dataSync()),
            weights: Float32Array.from(boxes.weights.dataSync()),
          },
        }),
      };
    });
  } finally {
    state.dispose();
  }
}

/** Every technique that transforms single images. */
export const transformsOf = (techniques: readonly Technique[]): readonly Technique[] =>
  techniques.filter(({ order }) => ["space", "colour", "texture"].includes(order.slot));

/**
 * A transform on one image at five magnitudes, with the draw of a few that shows most; of a transform without a magnitude,
 * five draws.
 */
export function transformed(technique: Technique, one: Rows, format: Omit<Shape, "n">, task: Task, rng: Rng): Shown {
  const axis = Object.entries(technique.space).find(([, { kind }]) => kind === "m");
  const run = (m: Params, draw: number): Pictures => {
    const all = { ...Object.fromEntries(ratesOf(technique)), ...m };
    const members = membersOf([{ use: technique.name, with: all }], [technique], task);
    return augmented(members, one, { ...format, n: 1 }, rng.fork(draw), draw);
  };
  if (!axis) {
    const at = MAGNITUDES.map((_, draw) => `draw ${draw + 1}`);
    return { name: technique.name, at, pictures: at.map((_, draw) => run({}, draw)) };
  }
  const [key, m] = axis;
  const values = MAGNITUDES.map((share, at) => magnitude(m, share, at));
  const strongest = Array.from({ length: DRAWS }, (_, draw) => run({ [key]: values.at(-1)! }, draw));
  const changes = strongest.map(({ images }) => change(images, one.images));
  const most = changes.indexOf(Math.max(...changes));
  return {
    name: technique.name,
    at: values.map((value) => `${key} ${Number(value.toFixed(2))}`),
    pictures: [...values.slice(0, -1).map((value) => run({ [key]: value }, most)), strongest[most]!],
  };
}

const ratesOf = ({ space }: Technique): [string, number][] =>
  Object.entries(space).flatMap(([key, axis]) => (axis.kind === "rr" ? [[key, axis.range[1]]] : []));

/** Whole magnitudes are numbers of something: the first five. */
function magnitude(axis: Axis, share: number, at: number): number {
  if (axis.kind === "choice" || axis.kind === "text") return 0;
  const [from, to] = axis.range;
  return axis.scale === "integer" ? Math.min(to, from + 1 + at) : from + share * (to - from);
}

/** Picture `i` of `n`, alone. */
export function pictureOf({ images, boxes, masks }: Pictures, i: number, n: number): Pictures {
  const part = <T extends Float32Array | Uint8Array | Int32Array>(values: T): T => {
    const width = values.length / n;
    return values.subarray(i * width, (i + 1) * width) as T;
  };
  return {
    images: part(images),
    ...(masks && { masks: part(masks) }),
    ...(boxes && { boxes: { at: part(boxes.at), labels: part(boxes.labels), weights: part(boxes.weights) } }),
  };
}

/** How much one picture differs from another. */
const change = (after: ArrayLike<number>, before: ArrayLike<number>): number => {
  let sum = 0;
  for (let at = 0; at < after.length; at++) sum += Math.abs(after[at]! - before[at]!);
  return sum;
};
