/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a counter-based generator, so
 * that number i of a stream depends on the seed and on i alone. Kernels that promise "the same numbers" follow this file.
 *
 * Block b of a stream has the counter (b, 0, 0, stream) and the key (seed[0], seed[1]); its four words are numbers
 * 4b .. 4b + 3.
 */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** What distinguishes the streams of one seed. */
const STREAM = { uniform: 0, normal: 1 } as const;

/** The upper 32 bits of the product of two unsigned 32-bit numbers, by 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  return (aHigh * bHigh + Math.floor(middle / 65536) + ((middle & 0xffff) + aLow * bHigh) / 65536) >>> 0;
}

/** One block: four counter words and two key words give four random words; `into` receives them as unsigned numbers. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  into: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0 >>> 0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2 >>> 0);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + WEYL_0) | 0;
    k1 = (k1 + WEYL_1) | 0;
  }
  into[0] = c0;
  into[1] = c1;
  into[2] = c2;
  into[3] = c3;
}

/** `count` numbers in [0, 1), multiples of 2^-24. */
export function philoxUniform(seed: ArrayLike<number>, count: number): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(4);
  for (let at = 0, block = 0; at < count; at += 4, block++) {
    philox4x32([block, 0, 0, STREAM.uniform], [seed[0]!, seed[1]!], words);
    for (let i = 0; i < 4 && at + i < count; i++) out[at + i] = (words[i]! >>> 8) * 2 ** -24;
  }
  return out;
}

/** `count` standard normal numbers, by Box and Muller's transform of pairs of words. */
export function philoxNormal(seed: ArrayLike<number>, count: number): Float32Array {
  const out = new Float32Array(count);
  const words = new Uint32Array(4);
  const pair = new Float64Array(2);
  for (let at = 0, block = 0; at < count; at += 4, block++) {
    philox4x32([block, 0, 0, STREAM.normal], [seed[0]!, seed[1]!], words);
    for (let half = 0; half < 4; half += 2) {
      boxMuller(words[half]!, words[half + 1]!, pair);
      if (at + half < count) out[at + half] = pair[0]!;
      if (at + half + 1 < count) out[at + half + 1] = pair[1]!;
    }
  }
  return out;
}

/**
 * √(−2 ln((a + 1) / 2^32)) times the cosine and the sine of 2π b / 2^32. Only + − × ÷ √ in double precision, in a fixed
 * order, so that a WebAssembly kernel gives the same bits; Math.log and Math.cos differ between engines.
 */
function boxMuller(a: number, b: number, into: Float64Array): void {
  const radius = Math.sqrt(-2 * (logarithm(a + 1) - 32 * Math.LN2));
  const quadrant = b >>> 30;
  // The angle within its quadrant, measured from the quadrant's middle: in [−π/4, π/4).
  const angle = ((b & 0x3fffffff) - 0x20000000) * (Math.PI / 2 ** 31);
  const square = angle * angle;
  const sine =
    angle *
    (1 +
      square *
        (-1 / 6 +
          square *
            (1 / 120 + square * (-1 / 5040 + square * (1 / 362880 + square * (-1 / 39916800 + square / 6227020800))))));
  const cosine =
    1 +
    square *
      (-1 / 2 +
        square *
          (1 / 24 +
            square *
              (-1 / 720 +
                square * (1 / 40320 + square * (-1 / 3628800 + square * (1 / 479001600 - square / 87178291200))))));
  // Turned by π/4 out of the quadrant's middle, and then by the quadrant.
  const c = (cosine - sine) * Math.SQRT1_2;
  const s = (cosine + sine) * Math.SQRT1_2;
  into[0] = radius * (quadrant === 0 ? c : quadrant === 1 ? -s : quadrant === 2 ? -c : s);
  into[1] = radius * (quadrant === 0 ? s : quadrant === 1 ? c : quadrant === 2 ? -s : -c);
}

/** The natural logarithm of a whole number in [1, 2^32]. */
function logarithm(n: number): number {
  let exponent = n === 2 ** 32 ? 32 : 31 - Math.clz32(n);
  let mantissa = n / 2 ** exponent;
  if (mantissa > Math.SQRT2) {
    mantissa *= 0.5;
    exponent += 1;
  }
  // ln m = 2 artanh((m − 1) / (m + 1)); the argument is at most 0.172, so that ten terms are exact to double precision.
  const t = (mantissa - 1) / (mantissa + 1);
  const u = t * t;
  const series =
    1 +
    u *
      (1 / 3 +
        u * (1 / 5 + u * (1 / 7 + u * (1 / 9 + u * (1 / 11 + u * (1 / 13 + u * (1 / 15 + u * (1 / 17 + u / 19))))))));
  return exponent * Math.LN2 + 2 * t * series;
}
