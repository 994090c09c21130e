type Numbers = Float32Array | Uint16Array | Int8Array;

/** Values of this shape with their axes in another order. */
export function moved<N extends Numbers>(values: N, shape: readonly number[], order: readonly number[]): N {
  if (order.every((axis, at) => axis === at)) return values;
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((all, side) => all * side, 1));
  const [sides, strides] = [order.map((axis) => shape[axis]!), order.map((axis) => steps[axis]!)];
  const to = new (values.constructor as new (length: number) => N)(values.length);
  const index = sides.map(() => 0);
  for (let at = 0, from = 0; at < to.length; at++) {
    to[at] = values[from]!;
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < sides[axis]!) break;
      from -= sides[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return to;
}
