import * as tf from "@tensorflow/tfjs-core";

/** How two operands meet in an output seen as [outer, middle, inner]: their steps along each axis, 0 where they are repeated. */
export interface Meeting {
  readonly shape: readonly number[];
  readonly size: number;
  readonly middle: number;
  readonly inner: number;
  /** The first's outer, middle and inner step, then the second's. */ readonly steps: readonly number[];
}

/** Elements of one unit of work where nothing is repeated. */
const BLOCK = 1024;

/** Of two of one shape, or with one that is a single number. */
const BOTH = [BLOCK, 0, 1, BLOCK, 0, 1];
const FIRST = [BLOCK, 0, 1, 0, 0, 0];

/** What has been worked out before, by both shapes: a training has some hundreds of them, again and again. */
const known = new Map<string, Meeting | undefined>();
const MOST_KNOWN = 4096;

/** Undefined: more than three axes are needed, as where repeated axes alternate twice. */
export function meeting(a: readonly number[], b: readonly number[]): Meeting | undefined {
  if (b.length === 0) return blocks(a, FIRST);
  if (equal(a, b)) return blocks(a, BOTH);
  const key = `${a.join()}|${b.join()}`;
  if (!known.has(key)) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, worked(a, b));
  }
  return known.get(key);
}

function worked(a: readonly number[], b: readonly number[]): Meeting | undefined {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a], [...b]);
  const size = sizeOf(shape);
  const axes = merged(shape, [a, b]);
  if (axes.length > 3) return undefined;
  if (axes.length === 1) {
    const [first, second] = axes[0]!.moves;
    return blocks(shape, [first * BLOCK, 0, first, second * BLOCK, 0, second]);
  }
  const [outer, middle, inner] = axes.length === 3 ? axes : [{ size: 1, moves: [0, 0] as const }, ...axes];
  const steps = [0, 1].flatMap((operand) => {
    const [byOuter, byMiddle, byInner] = [outer!, middle!, inner!].map(({ moves }) => moves[operand]!) as Triple;
    const row = byInner ? inner!.size : 1;
    return [byOuter * row * (byMiddle ? middle!.size : 1), byMiddle * row, byInner];
  });
  return { shape, size, middle: middle!.size, inner: inner!.size, steps };
}

function blocks(shape: readonly number[], steps: readonly number[]): Meeting {
  return { shape, size: sizeOf(shape), middle: 1, inner: BLOCK, steps };
}

function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const length of shape) size *= length;
  return size;
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

type Triple = [number, number, number];
type Axis = { size: number; readonly moves: readonly [number, number] };

/** The output's axes, neighbours of a kind as one; an operand moves along an axis by 1, or by 0 where it is repeated. */
function merged(shape: readonly number[], operands: readonly [readonly number[], readonly number[]]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const [first, second] = operands.map((operand) => {
      const own = operand[axis - shape.length + operand.length];
      return own === undefined || own === 1 ? 0 : 1;
    }) as [number, number];
    const last = axes.at(-1);
    if (last !== undefined && last.moves[0] === first && last.moves[1] === second) last.size *= size;
    else axes.push({ size, moves: [first, second] });
  });
  return axes.length > 0 ? axes : [{ size: 1, moves: [1, 1] }];
}
