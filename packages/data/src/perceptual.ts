import type { ImageFormat } from "@regimen/core";
import { resampleInto } from "./pixels.ts";

const SIDE = 32;
const KEPT = 8;
export const THUMB = 12;

/** Rows of the discrete cosine transform for frequencies 1..8 of 32 samples (the constant one says only how bright the image is). */
const COSINES = Float64Array.from({ length: KEPT * SIDE }, (_, i) => {
  const frequency = Math.floor(i / SIDE) + 1;
  return Math.cos((Math.PI / SIDE) * ((i % SIDE) + 0.5) * frequency);
});

/** How an image looks, however it was scaled or compressed. */
export type Look = {
  /** 64 bits as two 32-bit words: which of the 8 × 8 lowest frequencies are above their median. */
  readonly hash: readonly [number, number];
  /** [12, 12, 3], 0..255: the image, very small; grey stands in all three. */ readonly thumb: Uint8ClampedArray;
  /** Mean luma, 0..1. */ readonly brightness: number;
};

/** Perceptual hash (which low frequencies are strong: Zauner 2010, pHash) and thumbnail of one image [h, w, c]. */
export function lookOf(image: Uint8Array | Float32Array, { h, w, c, range: [black, white] }: ImageFormat): Look {
  const scale = 255 / (white - black);
  const thumb = new Float32Array(THUMB * THUMB * c);
  resampleInto(thumb, { data: image, h, w, c }, { h: THUMB, w: THUMB }, "stretch");
  const luma = new Float32Array(h * w);
  let sum = 0;
  for (let i = 0; i < h * w; i++) {
    const at = i * c;
    luma[i] = c === 3 ? 0.299 * image[at]! + 0.587 * image[at + 1]! + 0.114 * image[at + 2]! : image[at]!;
    sum += luma[i]!;
  }
  const small = new Float32Array(SIDE * SIDE);
  resampleInto(small, { data: luma, h, w, c: 1 }, { h: SIDE, w: SIDE }, "stretch");
  const bytes = new Uint8ClampedArray(THUMB * THUMB * 3);
  for (let i = 0; i < THUMB * THUMB; i++) {
    for (let k = 0; k < 3; k++) bytes[3 * i + k] = (thumb[i * c + (c === 3 ? k : 0)]! - black) * scale;
  }
  return {
    hash: hashOf(small),
    thumb: bytes,
    brightness: (sum / (h * w) - black) / (white - black),
  };
}

function hashOf(small: Float32Array): readonly [number, number] {
  const across = new Float64Array(SIDE * KEPT);
  for (let y = 0; y < SIDE; y++) {
    for (let u = 0; u < KEPT; u++) {
      let sum = 0;
      for (let x = 0; x < SIDE; x++) sum += small[y * SIDE + x]! * COSINES[u * SIDE + x]!;
      across[y * KEPT + u] = sum;
    }
  }
  const frequencies = new Float64Array(KEPT * KEPT);
  for (let v = 0; v < KEPT; v++) {
    for (let u = 0; u < KEPT; u++) {
      let sum = 0;
      for (let y = 0; y < SIDE; y++) sum += across[y * KEPT + u]! * COSINES[v * SIDE + y]!;
      frequencies[v * KEPT + u] = sum;
    }
  }
  const sorted = frequencies.slice().sort();
  const median = (sorted[31]! + sorted[32]!) / 2;
  const word = (from: number) => {
    let bits = 0;
    for (let i = 0; i < 32; i++) if (frequencies[from + i]! > median) bits |= 1 << i;
    return bits >>> 0;
  };
  return [word(0), word(32)];
}

/** Number of bits that are 1. */
export function bits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
