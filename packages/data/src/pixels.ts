/** Raw pixels of one image, [h, w, c], 0..255. */
export type Pixels = { readonly data: Uint8Array; readonly h: number; readonly w: number; readonly c: number };
export type Size = { readonly h: number; readonly w: number };
/** cover: fills, and cuts what stands over; contain: all of it, on black; stretch: both sides as they come. */
export type Fit = "cover" | "contain" | "stretch";

/** What `metadata.json` calls the rule below. */
export const INTERPOLATION = "bilinear-antialias";

type Span = { readonly start: number; readonly length: number };
type Placement = {
  readonly from: { readonly y: Span; readonly x: Span };
  readonly to: { readonly y: Span; readonly x: Span };
};

/** Which part of the image lands on which part of the target. */
export function place(from: Size, to: Size, fit: Fit): Placement {
  const whole = (size: Size) => ({ y: { start: 0, length: size.h }, x: { start: 0, length: size.w } });
  const middle = (length: number, of: number): Span => ({ start: (of - length) / 2, length });
  if (fit === "cover") {
    const scale = Math.max(to.h / from.h, to.w / from.w);
    return { from: { y: middle(to.h / scale, from.h), x: middle(to.w / scale, from.w) }, to: whole(to) };
  }
  if (fit === "contain") {
    const scale = Math.min(to.h / from.h, to.w / from.w);
    const inside = (length: number, of: number): Span => {
      const size = Math.min(of, Math.max(1, Math.round(length * scale)));
      return { start: Math.floor((of - size) / 2), length: size };
    };
    return { from: whole(from), to: { y: inside(from.h, to.h), x: inside(from.w, to.w) } };
  }
  return { from: whole(from), to: whole(to) };
}

type Taps = {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly width: number;
  readonly weights: Float32Array;
};

/** For each output pixel, the input pixels under a triangle that is as wide as the reduction (never under one pixel). */
function triangle(from: Span, size: number, outputs: number): Taps {
  const scale = from.length / outputs;
  const reach = Math.max(1, scale);
  const width = Math.ceil(2 * reach) + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Float32Array(outputs * width);
  for (let o = 0; o < outputs; o++) {
    const centre = from.start + (o + 0.5) * scale;
    const low = Math.max(0, Math.floor(centre - reach + 0.5));
    const high = Math.min(size, Math.floor(centre + reach + 0.5));
    let sum = 0;
    for (let i = low; i < high; i++) sum += Math.max(0, 1 - Math.abs(i + 0.5 - centre) / reach);
    for (let i = low; i < high; i++) {
      weights[o * width + i - low] = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / reach) / sum;
    }
    first[o] = low;
    count[o] = high - low;
  }
  return { first, count, width, weights };
}

/**
 * Resamples [h, w, c] values into [to.h, to.w, c]: bilinear with antialiasing, pixel centres at one half, as in Pillow's BILINEAR and
 * TensorFlow's `resize(antialias=True)`. It is written out here, and not left to the decoder, so that every format, every machine and
 * a page in a browser give the same pixels.
 */
export function resampleInto(
  out: Uint8Array | Float32Array,
  image: { readonly data: Uint8Array | Float32Array; readonly h: number; readonly w: number; readonly c: number },
  to: Size,
  fit: Fit,
): void {
  const { data, h, w, c } = image;
  const placed = place(image, to, fit);
  const rows = triangle(placed.from.y, h, placed.to.y.length);
  const columns = triangle(placed.from.x, w, placed.to.x.length);
  const line = new Float32Array(w * c);
  // A Uint8Array cuts decimals off: adding one half rounds.
  const half = out instanceof Uint8Array ? 0.5 : 0;
  out.fill(0);
  for (let y = 0; y < placed.to.y.length; y++) {
    line.fill(0);
    for (let t = 0; t < rows.count[y]!; t++) {
      const weight = rows.weights[y * rows.width + t]!;
      const start = (rows.first[y]! + t) * w * c;
      for (let i = 0; i < line.length; i++) line[i]! += weight * data[start + i]!;
    }
    const target = ((placed.to.y.start + y) * to.w + placed.to.x.start) * c;
    for (let x = 0; x < placed.to.x.length; x++) {
      const start = columns.first[x]! * c;
      const weights = x * columns.width;
      for (let k = 0; k < c; k++) {
        let sum = half;
        for (let t = 0; t < columns.count[x]!; t++) sum += columns.weights[weights + t]! * line[start + t * c + k]!;
        out[target + x * c + k] = sum;
      }
    }
  }
}

/** Grey to colour by repeating; colour to grey by Rec. 601 luma (0.299 R + 0.587 G + 0.114 B), rounded. */
export function withChannels(image: Pixels, c: 1 | 3): Pixels {
  if (image.c === c) return image;
  const { h, w } = image;
  const data = new Uint8Array(h * w * c);
  for (let i = 0; i < h * w; i++) {
    if (c === 1)
      data[i] = (299 * image.data[3 * i]! + 587 * image.data[3 * i + 1]! + 114 * image.data[3 * i + 2]! + 500) / 1000;
    else data.fill(image.data[i]!, 3 * i, 3 * i + 3);
  }
  return { data, h, w, c };
}

/** The one way from a decoded image to the pixels that a model sees. [h, w, 1 or 3] ⇒ [to.h, to.w, to.c], 0..255. */
export function fitImage(image: Pixels, to: Size & { readonly c: 1 | 3 }, fit: Fit): Uint8Array {
  // Fewer channels first: less to resample. Both orders give the same up to rounding; this one is the rule.
  const coloured = to.c < image.c ? withChannels(image, to.c) : image;
  const same = image.h === to.h && image.w === to.w;
  let sized = coloured;
  if (!same) {
    const data = new Uint8Array(to.h * to.w * coloured.c);
    resampleInto(data, coloured, to, fit);
    sized = { data, h: to.h, w: to.w, c: coloured.c };
  }
  return withChannels(sized, to.c).data;
}
