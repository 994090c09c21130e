import type { Samples } from "@regimen/contracts";

type Options = {
  readonly name?: string;
  readonly classes?: readonly string[];
  /** Class of each row; −1: no label. */ readonly labels?: readonly number[];
  /** The value of every pixel of each row; the row's number unless told. */ readonly pixels?: readonly number[];
  readonly float?: boolean;
  readonly boxes?: number;
  readonly masks?: boolean;
  readonly also?: boolean;
  readonly onRead?: (rows: readonly number[]) => void;
};

/** 1 × 2 × 1 images that say which row they are. */
export function rowsThatTell(length: number, options: Options = {}): Samples & { disposed: number } {
  const { name = "rows", classes = ["a", "b"], labels, pixels, float = false, boxes, masks, also, onRead } = options;
  const k = classes.length;
  const known =
    labels &&
    Float32Array.from({ length: length * k }, (_, i) => {
      const own = labels[Math.floor(i / k)]!;
      return own < 0 ? Number.NaN : Number(own === i % k);
    });
  const of = (row: number): number => pixels?.[row] ?? row;
  const samples = {
    name,
    length,
    format: { h: 1, w: 2, c: 1, range: [0, 255] as const },
    classes,
    skipped: [{ file: `${name}/broken.png`, why: "not an image" }],
    labels: () => known,
    id: (row: number) => `${name}/${row}`,
    read: async (rows: ArrayLike<number>) => {
      const asked = Array.from(rows);
      onRead?.(asked);
      const images = asked.flatMap((row) => [of(row), of(row)]);
      return {
        images: float ? Float32Array.from(images) : Uint8Array.from(images),
        ...(boxes && {
          boxes: {
            at: Float32Array.from({ length: asked.length * boxes * 4 }, (_, i) => asked[Math.floor(i / (boxes * 4))]!),
            labels: new Float32Array(asked.length * boxes * k),
            weights: new Float32Array(asked.length * boxes).fill(1),
          },
        }),
        ...(masks && { masks: Int32Array.from(images) }),
        ...(also && { also: { depth: Float32Array.from(asked, (row) => 100 + row) } }),
      };
    },
    disposed: 0,
    dispose: () => void samples.disposed++,
  };
  return samples;
}
